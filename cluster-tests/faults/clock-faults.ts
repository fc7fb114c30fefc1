import { sleep, systemClock } from "@troupe/core";
import type { ActorRef, Duration } from "troupe";
import type { Clockwork } from "../actors/clockwork.ts";
import type { SiloProcess } from "../harness/silo-process.ts";
import type { Fault, Scene } from "./fault.ts";

const HOUR_S = 3_600;

/**
 * For a process to read its clock's file again, and for reminders that should not fire to do so.
 */
const NOTICED_MS = 3_000;

/** More than one a silo, mostly. */
const REMINDERS = 6;

/** Reminders that were set before a clock jumped. */
class Sleepers {
  readonly #scene: Scene;
  readonly #delay: Duration;
  readonly #dueAt = new Map<string, number>();

  constructor(scene: Scene, delay: Duration) {
    this.#scene = scene;
    this.#delay = delay;
  }

  async set(): Promise<void> {
    const ids = Array.from(
      { length: REMINDERS },
      (_, index) => `${this.#scene.ledger}-${this.#delay}-${index}`,
    );
    await Promise.all(
      ids.map(async (id) => this.#dueAt.set(id, await this.#actor(id).remind(this.#delay))),
    );
  }

  /** Resolves when each has fired. */
  async fired(): Promise<void> {
    await this.#scene.arena.cluster.waitFor(
      `the reminders in ${this.#delay} have fired`,
      async () => {
        return (await this.#read()).every(({ woken }) => woken.length > 0);
      },
    );
  }

  /** What is wrong with those that have fired, each by the clock of the silo where it did. */
  async problems(): Promise<readonly string[]> {
    return (await this.#read()).flatMap(({ id, dueAt, woken }) => {
      const early = woken.filter((tick) => tick.firedAt < tick.dueAt || tick.dueAt !== dueAt);
      const problems = early.map(
        (tick) => `${id} was due at ${dueAt} and fired at ${tick.firedAt} for ${tick.dueAt}`,
      );
      return woken.length > 1 ? [...problems, `${id} fired ${woken.length} times`] : problems;
    });
  }

  #read(): Promise<
    {
      readonly id: string;
      readonly dueAt: number;
      readonly woken: Awaited<ReturnType<Clockwork["read"]>>;
    }[]
  > {
    return Promise.all(
      [...this.#dueAt].map(async ([id, dueAt]) => ({
        id,
        dueAt,
        woken: await this.#actor(id).read(),
      })),
    );
  }

  #actor(id: string): ActorRef<Clockwork> {
    return this.#scene.arena.client.actor("Clockwork", id) as unknown as ActorRef<Clockwork>;
  }
}

function setClocks({ arena }: Scene, silos: readonly SiloProcess[], seconds: number): void {
  for (const silo of silos) arena.clockOf(silo).set(seconds);
}

/** What falls due by the jump fires at once, and never again when the clock is back. */
async function forward(scene: Scene): Promise<readonly string[]> {
  const [soon, later] = [new Sleepers(scene, "2s"), new Sleepers(scene, "30m")];
  await Promise.all([soon.set(), later.set()]);
  const { silos } = scene.arena.cluster;
  setClocks(scene, silos, HOUR_S);
  await Promise.all([soon.fired(), later.fired()]);
  setClocks(scene, silos, 0);
  await sleep(systemClock, NOTICED_MS);
  return [...(await soon.problems()), ...(await later.problems())];
}

/** What is due an hour later by the clock does not fire meanwhile, and is not forgotten. */
async function back(scene: Scene): Promise<readonly string[]> {
  const sleepers = new Sleepers(scene, "2s");
  await sleepers.set();
  const { silos } = scene.arena.cluster;
  setClocks(scene, silos, -HOUR_S);
  await sleep(systemClock, NOTICED_MS);
  const early = await sleepers.problems();
  setClocks(scene, silos, 0);
  await sleepers.fired();
  return [...early, ...(await sleepers.problems())];
}

/** One silo is an hour ahead of the others. */
async function apart(scene: Scene): Promise<readonly string[]> {
  const sleepers = new Sleepers(scene, "4s");
  await sleepers.set();
  setClocks(scene, [scene.victim], HOUR_S);
  await sleepers.fired();
  const problems = await sleepers.problems();
  setClocks(scene, [scene.victim], 0);
  await sleep(systemClock, NOTICED_MS);
  return problems;
}

/** Jumps of the wall clock. None may be felt by a call. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: "wall clocks an hour forward, and back",
    needs: "clocks",
    reach: "none",
    excused: [],
    strike: forward,
  },
  {
    name: "wall clocks an hour back, and forward",
    needs: "clocks",
    reach: "none",
    excused: [],
    strike: back,
  },
  {
    name: "one wall clock an hour ahead, and back",
    needs: "clocks",
    reach: "none",
    excused: [],
    strike: apart,
  },
];
