import { type Administered, ANY_WORKER, ClusterClient } from "@troupe/client";
import { type Ran, silentLogger, sleep, TroupeError } from "@troupe/core";
import type { CallOptions } from "@troupe/sdk";
import { seededRandom } from "@troupe/testkit";
import type { TopicCluster } from "@troupe/topics";
import { RELOCATION_TYPE, relocationReference } from "./chest-actor.ts";
import { checkHistory } from "./checkers/check-history.ts";
import { lettersOnTheWay } from "./checkers/conservation.ts";
import { errandsOnTheWay } from "./checkers/errands.ts";
import { checkReadersKnow } from "./checkers/streams.ts";
import type { Marked } from "./board-actor.ts";
import { checkFlows, flowsUnderWay } from "./checkers/flows.ts";
import { missingNews } from "./checkers/news.ts";
import { lastFlowCalls } from "./draw-flows.ts";
import { FLOW_TYPE, flowReference } from "./flow-actors.ts";
import type { FlowJournal } from "./flow-journal.ts";
import { FaultInjector } from "./fault-injector.ts";
import type {
  CallOutcome,
  CallPlan,
  CallRecord,
  History,
  ReadPlan,
  ReadRecord,
  Violation,
} from "./history.ts";
import type { Mutation } from "./mutation.ts";
import { NEWS_TYPE, newsReference } from "./news-actors.ts";
import { type Script, SLOTS } from "./script.ts";
import { argumentsAfter, SimReaders } from "./sim-readers.ts";
import { SimSlot } from "./sim-slot.ts";
import { SimStranger } from "./sim-stranger.ts";
import { type Equipped, hash, SimWorld } from "./sim-world.ts";
import type { TickingReport } from "./ticking-actors.ts";
import type { Trace } from "./trace.ts";
import { type AccountReport, workloadActors } from "./workload-actors.ts";
import { finalCalls, lastMarks } from "./write-script.ts";

export interface SimulationResult {
  readonly script: Script;
  readonly violations: readonly Violation[];
  readonly history: History;
  /** What runs of workflows did. */
  readonly flows: FlowJournal;
  readonly trace: Trace;
  /** Virtual milliseconds. */
  readonly elapsedMs: number;
}

export interface SimulationOptions {
  readonly mutation?: Mutation;
}

/**
 * How long two silos may take to run after the last fault has ended: one may have to drain, and to
 * join again.
 */
const RECOVERY_MS = 80_000;

/** How often the end of a run is looked for, and how often at most. */
const SETTLE_EVERY_MS = 3_000;
const SETTLE_MAX = 30;

/** How long a reader may take to come to the last mark. */
const READ_ON_MS = 60_000;

/** More than this of virtual time is taken to be a hang. */
const LIMIT_MS = 900_000;

/** Runs a script, from the start of its cluster to the check of its history. */
export async function simulate(
  script: Script,
  options: SimulationOptions = {},
): Promise<SimulationResult> {
  const simulation = new Simulation(script, options.mutation);
  return await simulation.run();
}

class Simulation {
  readonly #script: Script;
  readonly #world: SimWorld;
  readonly #slots: readonly SimSlot[];
  readonly #readers: SimReaders;
  readonly #clients: (Equipped & { readonly client: ClusterClient })[] = [];

  constructor(script: Script, mutation: Mutation | undefined) {
    this.#script = script;
    this.#world = new SimWorld(script, mutation);
    this.#readers = new SimReaders(this.#world.history, this.#world.trace);
    this.#slots = Array.from(
      { length: SLOTS },
      (_, index) => new SimSlot(index, this.#world, { script, mutation }),
    );
  }

  async run(): Promise<SimulationResult> {
    const { clock, history, trace, views } = this.#world;
    try {
      await clock.run(this.#run(), LIMIT_MS);
    } catch (error) {
      history.violate("hang", String(error));
    }
    const { profile, leaseTtlMs, leasePolicy } = this.#script;
    const news = this.#world.storedNews();
    checkHistory(history, { profile, leaseTtlMs, leasePolicy, views, news });
    checkFlows(history, this.#world.flows);
    return {
      script: this.#script,
      violations: history.violations,
      history,
      trace,
      elapsedMs: clock.monotonic(),
      flows: this.#world.flows,
    };
  }

  async #run(): Promise<void> {
    const { clock } = this.#world;
    const first = this.#slots.slice(0, this.#script.silos);
    for (const slot of first) slot.start();
    // Clients come while the other silos join, so that a watch begins in the middle of changes.
    await this.#until(() => first.some(({ silo }) => silo !== undefined));
    for (let index = 0; index < this.#script.clients; index++) await this.#connect(index);
    await this.#until(() => first.every(({ silo }) => silo !== undefined));
    const injector = new FaultInjector({
      world: this.#world,
      slots: this.#slots,
      clients: this.#clients,
      leaseTtlMs: this.#script.leaseTtlMs,
      durationMs: this.#script.durationMs,
    });
    // One that follows another may be drawn for a time at which all faults have ended.
    injector.schedule(this.#script.faults.filter(({ at }) => at < this.#script.durationMs));
    for (const plan of this.#script.calls) clock.schedule(plan.at, () => this.#issue(plan));
    for (const plan of this.#script.reads) clock.schedule(plan.at, () => this.#read(plan));
    const stranger = new SimStranger(this.#world, () =>
      this.#clients.map(({ client }) => client.peerId),
    );
    stranger.start();
    const archivist = this.#world.createArchivist();
    archivist.start();
    await sleep(clock, this.#script.durationMs);
    stranger.end();
    archivist.end();
    await this.#recover();
    await this.#endReads();
    await this.#settle();
  }

  /** Marks every board once more, which each reader that still reads has to learn. */
  async #endReads(): Promise<void> {
    const { clock, history } = this.#world;
    for (const plan of lastMarks(clock.monotonic(), this.#script.profile)) this.#issue(plan);
    const end = clock.monotonic() + READ_ON_MS;
    const waiting = (): readonly ReadRecord[] =>
      this.#readers.open.filter(({ items, plan }) => items.at(-1)?.mark !== `last ${plan.board}`);
    while (waiting().length > 0 && clock.monotonic() < end) await sleep(clock, 100);
    checkReadersKnow(history, waiting());
  }

  #read(plan: ReadPlan): void {
    const { process, actor } = this.#callerOf(plan.from) ?? {};
    if (process === undefined || actor === undefined || process.state !== "running") return;
    this.#readers.start(plan, process, (_, options) => {
      const stream = actor("Board", plan.board, options)[plan.method];
      return stream?.(...argumentsAfter(plan, undefined)) as unknown as AsyncIterable<Marked>;
    });
  }

  async #connect(index: number): Promise<void> {
    const { clock, network, trace } = this.#world;
    const equipped = this.#world.createProcess(`client${index}`);
    const { process, membership, probe } = equipped;
    const client = await ClusterClient.connect(
      {
        clock: process.clock,
        random: seededRandom(hash(`${this.#script.seed} ${process.name} ids`)),
        logger: silentLogger,
        transport: network.transportOf(process),
        membership,
      },
      { cluster: "simulated", actors: workloadActors({ probe }) },
    );
    this.#clients.push({ ...equipped, client });
    trace.add("note", `${process.name} is connected at ${clock.monotonic()}`);
  }

  /** Ends all faults, starts silos until two run, and lets the cluster come to rest. */
  async #recover(): Promise<void> {
    const { clock, trace } = this.#world;
    trace.add("fault", "all faults end");
    this.#world.heal();
    for (const { membership } of this.#clients) membership.reconnect();
    for (const { current } of this.#slots) current?.membership.reconnect();
    const kept = this.#slots.slice(0, 2);
    const end = clock.monotonic() + RECOVERY_MS;
    while (kept.some(({ silo }) => silo === undefined) && clock.monotonic() < end) {
      // With no silo of the wiped registry left, an operator has to say whose the storage is.
      this.#world.adoptsStorage =
        this.#world.registry.wasWiped && this.#slots.every(({ silo }) => silo === undefined);
      for (const slot of kept) slot.start();
      await sleep(clock, 100);
    }
    await sleep(clock, 2_000 + 3 * this.#script.leaseTtlMs);
  }

  /**
   * Asks every actor until nothing is owed and nothing is due any more, and all of them have said
   * the same twice in a row. The looks of one round are not one moment: money may pass from behind
   * the look at one account to behind that at another. What two rounds agree in was all true at the
   * moment between them.
   */
  async #settle(): Promise<void> {
    const { clock, history, flows } = this.#world;
    let before = "";
    for (let round = 0; round < SETTLE_MAX; round++) {
      for (const plan of lastFlowCalls(flows, clock.monotonic(), round)) this.#issue(plan);
      const from = history.calls.length;
      const plans = finalCalls(clock.monotonic(), this.#script.profile);
      for (const plan of plans) this.#issue({ ...plan, id: `${plan.id} ${round}` });
      await this.#until(() =>
        history.calls.slice(from).every(({ outcome }) => outcome.kind !== "pending"),
      );
      const looks = history.calls.slice(from);
      const isResting =
        looks.length === plans.length &&
        looks.every(isAtRest) &&
        lettersOnTheWay(history).length === 0 &&
        errandsOnTheWay(history).length === 0 &&
        flowsUnderWay(history, flows).length === 0 &&
        missingNews(history, this.#world.storedNews()).length === 0;
      const said = isResting ? JSON.stringify(looks.map(({ outcome }) => outcome)) : "";
      if (isResting && said === before) return;
      before = said;
      if (!isResting) await sleep(clock, SETTLE_EVERY_MS);
    }
  }

  #issue(plan: CallPlan): void {
    const { process, actor } = this.#callerOf(plan.from) ?? {};
    if (process === undefined || actor === undefined || process.state !== "running") return;
    const { history, flows, trace } = this.#world;
    const record: CallRecord = {
      plan,
      caller: `${process.name} ${process.siloId}`,
      startedAt: history.now,
      startedOrder: history.nextOrder(),
      endedAt: Number.POSITIVE_INFINITY,
      endedOrder: Number.POSITIVE_INFINITY,
      outcome: { kind: "pending" },
    };
    (plan.type === FLOW_TYPE ? flows : history).calls.push(record);
    trace.add(
      "call",
      `${process.name}: ${plan.id} ${plan.type}/${plan.actorId}.${plan.method}(${plan.args.join()})`,
    );
    const end = (outcome: CallOutcome): void => {
      if (process.isDead) return;
      record.outcome = outcome;
      record.endedAt = history.now;
      record.endedOrder = history.nextOrder();
      trace.add("call", `${process.name}: ${plan.id} ends: ${describeOutcome(outcome)}`);
    };
    const options = {
      timeout: plan.timeoutMs,
      ...(plan.key === undefined ? {} : { idempotencyKey: plan.key }),
      ...(plan.ifActive === undefined ? {} : { ifActive: plan.ifActive }),
    };
    const method = actor(plan.type, plan.actorId, options)[plan.method];
    method?.(plan.key ?? plan.id, ...plan.args).then(
      (value) => end({ kind: "value", value }),
      (error: unknown) => end(errorOutcome(error)),
    );
  }

  #callerOf({ kind, index }: CallPlan["from"]): Pick<Caller, "process" | "actor"> | undefined {
    if (kind === "client") {
      const found = this.#clients[index];
      return found && { process: found.process, actor: referencesOf(found.client, found.process) };
    }
    const { current, silo } = this.#slots[index] ?? {};
    if (current === undefined || silo === undefined) return undefined;
    return { process: current.process, actor: referencesOf(silo, current.process) };
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(this.#world.clock, 10);
  }
}

interface Caller {
  readonly process: Equipped["process"];
  readonly actor: (
    type: string,
    id: string,
    options: CallOptions,
  ) => Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;
}

/**
 * A clerk is a stateless worker: it is called without an id. Some are no calls of an actor, and
 * runs are not told the ids of calls.
 */
function referencesOf(
  cluster: TopicCluster & Administered,
  process: Equipped["process"],
): Caller["actor"] {
  return (type, id, options) => {
    if (type === RELOCATION_TYPE) return relocationReference(cluster, process, id);
    if (type === NEWS_TYPE) return newsReference(cluster, process, id);
    if (type === FLOW_TYPE) return flowReference(cluster.actor(type, id, options));
    return id === ANY_WORKER ? cluster.worker(type, options) : cluster.actor(type, id, options);
  };
}

function errorOutcome(error: unknown): CallOutcome {
  if (error instanceof TroupeError)
    return { kind: "error", code: error.code, ran: error.ran, message: error.message };
  const { name, message } =
    error instanceof Error ? error : { name: "thrown", message: String(error) };
  const ran: Ran = "yes";
  return { kind: "error", code: name, ran, message };
}

function describeOutcome(outcome: CallOutcome): string {
  switch (outcome.kind) {
    case "pending":
      return "pending";
    case "value":
      return JSON.stringify(outcome.value) ?? "done";
    case "error":
      return `${outcome.code} ran ${outcome.ran}: ${outcome.message}`;
  }
}

/** True for a last look at an actor that shows nothing that is still to come. */
function isAtRest({ plan, outcome }: CallRecord): boolean {
  if (outcome.kind !== "value") return false;
  if (plan.type === "Account") return (outcome.value as AccountReport).pending.length === 0;
  if (plan.type === "Alarm" || plan.type === "Metronome")
    return (outcome.value as TickingReport).left.length === 0;
  return true;
}
