import { messageOf } from "@troupe/core";
import { type EventType, workflow, type WorkflowHandle } from "@troupe/workflow";
import { GATES, gateId, LEGS, tollOf } from "./facts.ts";
import type { SteadyCaller } from "./steady-caller.ts";
import type { Gate, Voyage, VoyageLog, VoyagePlan } from "./voyage.ts";
import type { Workload } from "./workload.ts";

/** One voyage of so many has a step that ends its process. The first of them is an early one. */
const DEADLY_ONE_OF = 250;
const FIRST_DEADLY = 3;

/** So many silos may be lost under one step. */
const LOSSES_MAX = 3;

/** Voyages that are asked for their logs at once. */
const ASKED_AT_ONCE = 100;

/** Only the silos load the workflow itself. */
const VOYAGE = { name: "Voyage" } as typeof Voyage;

type Handle = WorkflowHandle<VoyagePlan, VoyageLog, { stamped: EventType<number> }, unknown>;

/**
 * Workflows: every run comes to its end, and nobody has to look at it for that. Each call of an
 * actor has taken effect once, each step has one key, and each event has arrived once and in order.
 */
export class Voyages implements Workload {
  readonly #caller: SteadyCaller;
  readonly #journal: () => readonly (readonly string[])[];
  readonly #started: string[] = [];
  #made = 0;
  #steps = 0;
  #repeated = 0;

  constructor(caller: SteadyCaller, journal: () => readonly (readonly string[])[]) {
    this.#caller = caller;
    this.#journal = journal;
  }

  step(): void {
    const number = ++this.#made;
    const id = `voyage-${number}`;
    const handle = handleOf(this.#caller, id);
    const isDeadly = isDeadlyVoyage(number);
    this.#caller.call(
      `start ${id}`,
      () => handle.start({ number, isDeadly }),
      () => {
        this.#started.push(id);
        this.#stamp(handle, 0);
      },
    );
  }

  /** One stamp after the other. */
  #stamp(handle: Handle, leg: number): void {
    if (leg === LEGS) return;
    this.#caller.call(
      `stamp ${tollOf(handle.id, leg)}`,
      (id) => handle.send("stamped", leg, { id }),
      () => this.#stamp(handle, leg + 1),
    );
  }

  async underWay(): Promise<readonly string[]> {
    const arrived = new Set(this.#stepsNamed("arrive").map(([, , voyage]) => voyage));
    const missing = this.#started.filter((id) => !arrived.has(id));
    return missing.length === 0 ? [] : [`${missing.length} voyages have not ended: ${missing[0]}`];
  }

  async problems(): Promise<readonly string[]> {
    return [...this.#wrongKeys(), ...(await this.#wrongTolls()), ...(await this.#wrongLogs())];
  }

  summary(): string {
    return `${this.#started.length} voyages with ${this.#steps} steps, of which ${this.#repeated} ran again`;
  }

  #stepsNamed(name: string): readonly (readonly string[])[] {
    return this.#journal().filter(([, what, , step]) => what === "step" && step === name);
  }

  /** All attempts of a step have one key, and no other step has it. */
  #wrongKeys(): string[] {
    const problems: string[] = [];
    const keys = new Map<string, string>();
    const deadly = new Map<string, number>();
    for (const [, what, voyage = "", name = "", key = ""] of this.#journal()) {
      if (what === "deadly") deadly.set(voyage, (deadly.get(voyage) ?? 0) + 1);
      if (what !== "step") continue;
      const known = keys.get(key);
      if (known === undefined) this.#steps++;
      else this.#repeated++;
      if (known !== undefined && known !== `${voyage} ${name}`)
        problems.push(`${key} is the key of ${known} and of ${voyage} ${name}`);
      keys.set(key, `${voyage} ${name}`);
    }
    if (keys.size !== new Set(keys.values()).size) problems.push("a step has two keys");
    for (const [key, count] of deadly)
      if (count > LOSSES_MAX) problems.push(`${key} has ended ${count} silos`);
    return problems;
  }

  async #wrongTolls(): Promise<string[]> {
    const gates = await Promise.all(
      Array.from({ length: GATES }, (_, index) =>
        this.#caller.actor<Gate>("Gate", gateId(index)).read(),
      ),
    );
    const paid = gates.flat();
    const right = new Set(
      this.#started.flatMap((id) => Array.from({ length: LEGS }, (_, leg) => tollOf(id, leg))),
    );
    const counts = new Map<string, number>();
    for (const toll of paid) counts.set(toll, (counts.get(toll) ?? 0) + 1);
    const wrong = [...right].filter((toll) => counts.get(toll) !== 1);
    return wrong.map((toll) => `${toll} was paid ${counts.get(toll) ?? 0} times`);
  }

  async #wrongLogs(): Promise<string[]> {
    const problems: string[] = [];
    for (let from = 0; from < this.#started.length; from += ASKED_AT_ONCE) {
      const ids = this.#started.slice(from, from + ASKED_AT_ONCE);
      const logs = await Promise.allSettled(ids.map((id) => handleOf(this.#caller, id).result()));
      for (const [index, log] of logs.entries()) {
        const id = ids[index] ?? "";
        if (log.status === "rejected") problems.push(`${id} failed: ${messageOf(log.reason)}`);
        else problems.push(...wrongIn(id, log.value));
      }
    }
    return problems;
  }
}

function wrongIn(id: string, { tolls, stamps, lost }: VoyageLog): string[] {
  const problems: string[] = [];
  const inOrder = Array.from({ length: LEGS }, (_, leg) => leg).join();
  if (stamps.join() !== inOrder) problems.push(`${id} has the stamps ${stamps.join()}`);
  if (tolls.length !== LEGS) problems.push(`${id} has paid ${tolls.length} tolls`);
  const right = isDeadlyVoyage(Number(id.split("-")[1])) ? "STEP_LOST" : "";
  if (lost !== right) problems.push(`the deadly step of ${id} ended as "${lost}"`);
  return problems;
}

function isDeadlyVoyage(number: number): boolean {
  return number % DEADLY_ONE_OF === FIRST_DEADLY;
}

function handleOf({ client }: SteadyCaller, id: string): Handle {
  return workflow(client, VOYAGE, id);
}
