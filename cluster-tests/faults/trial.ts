import { type Random, systemClock } from "@troupe/core";
import { type EndedCall, Load, type Route } from "../harness/load.ts";
import type { Arena } from "./arena.ts";
import type { Fault, Reach, Scene } from "./fault.ts";
import { outageOf } from "./outage.ts";
import { turnsAtOnce } from "./turn-history.ts";

/** Few, so that each is called often, and a short outage of one is seen. */
const LEDGERS = 12;

/** Calls on each way, on average, before the fault and after it. */
const CALLS_A_WAY = 4;

/** Tries to find an actor that the victim owns. */
const NAMES = 100;

/** What one trial of a fault has shown. All but the outages should be empty. */
export interface TrialResult {
  readonly fault: string;
  /** Milliseconds, for each way on which calls may have been held up. */
  readonly outages: readonly number[];
  readonly calls: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly wronglyFailed: readonly string[];
  /**
   * Order, two turns at once, calls that ran though they were said not to have, reminders: in
   * words.
   */
  readonly other: readonly string[];
}

/** A way of the load's calls, and the processes through which it goes. */
interface Located {
  readonly route: Route;
  readonly asker: number | undefined;
  readonly owner: number;
}

/** Lets a fault happen under load, waits until all is well again, and looks at what was lost. */
export async function runTrial(arena: Arena, fault: Fault, random: Random): Promise<TrialResult> {
  const prefix = arena.nextName();
  const load = new Load(arena.client, { ledgers: LEDGERS, prefix });
  try {
    const ways = await locate(load);
    // A silo that is cut off gets no calls, and must not run turns by its timers either.
    await Promise.all(ways.map(({ route }) => load.ledger(route.ledger).pulse()));
    await arena.cluster.waitFor(
      "the load is under way",
      () => load.acknowledged > ways.length * CALLS_A_WAY,
    );
    const scene = await chooseScene({ arena, load, random }, ways, prefix);
    const from = systemClock.monotonic();
    const problems = await fault.strike(scene);
    await arena.mend();
    const healedAt = systemClock.monotonic();
    await arena.cluster.waitFor("calls are answered on every way", () =>
      ways.every((way) =>
        callsOn(load, way).some(
          ({ startedAt, failure }) => startedAt > healedAt && failure === undefined,
        ),
      ),
    );
    const after = load.acknowledged;
    await arena.cluster.waitFor(
      "the load goes on",
      () => load.acknowledged > after + ways.length * CALLS_A_WAY,
    );
    await load.stop();
    return await judge({ fault, scene, ways, from }, problems);
  } finally {
    await load.stop();
  }
}

async function locate(load: Load): Promise<readonly Located[]> {
  const routes = new Map(load.routes.map((route) => [nameOf(route), route]));
  return await Promise.all(
    [...routes.values()].map(async (route) => {
      if (route.relay === undefined)
        return { route, asker: undefined, owner: await load.ledger(route.ledger).where() };
      return { route, ...(await load.relay(route.relay).ask(route.ledger)) };
    }),
  );
}

/** Chooses a way between two silos at random, so that whatever is cut has calls on it. */
async function chooseScene(
  parts: Pick<Scene, "arena" | "load" | "random">,
  ways: readonly Located[],
  prefix: string,
): Promise<Scene> {
  const { arena, load, random } = parts;
  const between = ways.filter(({ asker, owner }) => asker !== undefined && asker !== owner);
  const way = between[Math.floor(random.next() * between.length)];
  const victim = arena.cluster.silos.find(({ pid }) => pid === way?.owner);
  const caller = arena.cluster.silos.find(({ pid }) => pid === way?.asker);
  if (victim === undefined || caller === undefined)
    throw new Error("no relay calls an actor of another silo");
  for (let index = 0; index < NAMES; index++) {
    const ledger = `${prefix}-extra-${index}`;
    if ((await load.ledger(ledger).where()) === victim.pid)
      return { ...parts, victim, caller, ledger };
  }
  throw new Error(`none of ${NAMES} actors is owned by process ${victim.pid}`);
}

interface Evidence {
  readonly fault: Fault;
  readonly scene: Scene;
  readonly ways: readonly Located[];
  /** When the fault began. */
  readonly from: number;
}

async function judge(
  { fault, scene, ways, from }: Evidence,
  problems: readonly string[],
): Promise<TrialResult> {
  const { arena, load, victim } = scene;
  const journal = arena.cluster.journal();
  const found = await load.check(journal);
  const reached = ways.filter((way) => isReached(way, fault.reach, scene));
  const excused = new Set(reached.map(({ route }) => nameOf(route)));
  const wronglyFailed = load.ended.flatMap(({ route, failure, startedAt }) => {
    if (failure === undefined) return [];
    const isExcused =
      excused.has(nameOf(route)) && fault.excused.some((code) => code === failure.code);
    if (isExcused) return [];
    return [
      `operation ${failure.operation} on ${nameOf(route)} after ${Math.round(startedAt - from)} ms: ${failure.message}`,
    ];
  });
  const measured = fault.reach === "none" ? ways : reached;
  return {
    fault: fault.name,
    outages: measured.map((way) => outageOf(callsOn(load, way).map(timed), from)),
    calls: load.ended.length,
    lost: found.lost.map((operation) => `operation ${operation}`),
    doubled: found.doubled.map((operation) => `operation ${operation}`),
    wronglyFailed,
    other: [
      ...problems,
      ...found.denied.map((operation) => `operation ${operation} was said not to have run`),
      ...found.outOfOrder.map((operation) => `operation ${operation} is behind a later one`),
      ...turnsAtOnce(journal, new Set(fault.stalls === true ? [victim.pid] : [])).filter(
        (problem) => problem.startsWith(`${load.prefix}-`),
      ),
    ],
  };
}

function isReached({ asker, owner }: Located, reach: Reach, { victim, caller }: Scene): boolean {
  switch (reach) {
    case "all":
      return true;
    case "none":
      return false;
    case "victim":
      return asker === victim.pid || owner === victim.pid;
    case "pair":
      return (
        (asker === caller.pid && owner === victim.pid) ||
        (asker === victim.pid && owner === caller.pid)
      );
  }
}

function callsOn(load: Load, { route }: Located): readonly EndedCall[] {
  return load.ended.filter(
    (call) => call.route.ledger === route.ledger && call.route.relay === route.relay,
  );
}

function timed({ startedAt, endedAt, failure }: EndedCall): {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly answered: boolean;
} {
  return { startedAt, endedAt, answered: failure === undefined };
}

function nameOf({ relay, ledger }: Route): string {
  return relay === undefined ? ledger : `${relay} to ${ledger}`;
}
