import { Ring, type RingHost } from "@troupe/client";
import type { Bench, BenchContext, Check, Measurement } from "../bench.ts";
import { median } from "../measuring/median.ts";
import { ownCpuMs } from "../measuring/own-cpu.ts";
import { SimulatedCluster } from "../simulated/simulated-cluster.ts";
import { movesOfOneLeaver } from "./moved-actors.ts";

/** What is done to a cluster, each by one silo of it. */
const CHANGES = ["add", "drain", "kill"] as const;
type Change = (typeof CHANGES)[number];

/**
 * Enough virtual time for a change and all that it brings about, with one probe of each link, which
 * takes along what is not urgent.
 */
const CHANGE_MS = 1_000;

/** Rings that are built to know what one costs. */
const RINGS = 20;

/**
 * What it costs each silo that another one joins, drains or dies. Many silos in one process share
 * its CPU; of the ring, which they would share too, each is given the cost of its own.
 */
export const views: Bench = {
  name: "views",
  what: "50 and 200 silos in one process: CPU of each for a view that one joiner, leaver or dead silo makes; the most, at 50 silos",
  unit: "ms",
  target: { of: "value", sense: "at-most", limit: 1 },
  measure,
};

interface ChangeCost {
  readonly cpuMsEach: number;
  /** Of all silos together, by kind; without the probes of links. */
  readonly messages: Readonly<Record<string, number>>;
}

type Costs = Readonly<Record<Change, ChangeCost>>;

async function measure(context: BenchContext): Promise<Measurement> {
  const [few, many] = context.quick ? [4, 8] : [50, 200];
  const atFew = await roundsOf(context, few);
  const atMany = await roundsOf(context, many);
  const moves = await movesOfOneLeaver(context);
  const growths = CHANGES.map(
    (change) => (messagesOf(atMany[change]) / messagesOf(atFew[change]) / many) * few,
  );
  const checks: Check[] = [
    { what: `ms of CPU at ${many} silos`, value: worst(atMany), sense: "at-most", limit: 5 },
    {
      what: "messages of a change, all silos together: their growth against that of the silos",
      value: Math.max(...growths),
      sense: "at-most",
      limit: 1.25,
    },
    {
      what: `ms until ${moves.actors} actors of a leaver were called elsewhere`,
      value: moves.ms,
      sense: "at-most",
      limit: 1_000,
    },
  ];
  return {
    value: worst(atFew),
    baseline: null,
    ratio: null,
    checks,
    details: { [`${few} silos`]: atFew, [`${many} silos`]: atMany, moves },
  };
}

function worst(costs: Costs): number {
  return Math.max(...Object.values(costs).map(({ cpuMsEach }) => cpuMsEach));
}

function messagesOf({ messages }: ChangeCost): number {
  return Object.values(messages).reduce((sum, count) => sum + count, 0);
}

/** The median of the rounds, each on the same cluster. */
async function roundsOf(context: BenchContext, silos: number): Promise<Costs> {
  await using cluster = await SimulatedCluster.start(silos);
  const ringMs = ringCost(silos);
  // As a cluster that has run for a while: in the first changes, all are newcomers to all others.
  for (const change of [...CHANGES, "add"] as const) {
    cluster[change]();
    await cluster.pass(CHANGE_MS);
  }
  const rounds: Record<Change, ChangeCost>[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    const add = await costOf(cluster, "add", ringMs);
    const drain = await costOf(cluster, "drain", ringMs);
    const kill = await costOf(cluster, "kill", ringMs);
    rounds.push({ add, drain, kill });
    cluster.add();
    await cluster.pass(CHANGE_MS);
    context.progress(
      `round ${round} of ${context.rounds}: ${silos} silos, ${worst({ add, drain, kill }).toFixed(2)} ms each`,
    );
  }
  const middle = (change: Change): ChangeCost => ({
    cpuMsEach: median(rounds.map((round) => round[change].cpuMsEach)),
    messages: rounds.at(-1)?.[change].messages ?? {},
  });
  return { add: middle("add"), drain: middle("drain"), kill: middle("kill") };
}

async function costOf(
  cluster: SimulatedCluster,
  change: Change,
  ringMs: number,
): Promise<ChangeCost> {
  const silos = cluster.size;
  await cluster.pass(CHANGE_MS);
  await cluster.untilProbed();
  // What goes on anyway, such as the probes of links.
  const idle = await ownCpuMs(() => cluster.pass(CHANGE_MS));
  const { revision } = cluster;
  const before = cluster.counts.withoutProbes;
  const used = await ownCpuMs(() => {
    cluster[change]();
    return cluster.pass(CHANGE_MS);
  });
  const messages = Object.fromEntries(
    Object.entries(cluster.counts.withoutProbes).map(([kind, count]) => [
      kind,
      count - (before[kind] ?? 0),
    ]),
  );
  return { cpuMsEach: (used - idle) / silos / (cluster.revision - revision) + ringMs, messages };
}

/** Of a ring that is made from the last one, where a silo has gone and another has come. */
function ringCost(silos: number): number {
  const hosts = Array.from({ length: silos }, (_, index): RingHost => ({
    siloId: `silo-${index}`,
    capacity: 1,
  }));
  const first = new Ring(hosts);
  const costs = Array.from({ length: RINGS }, (_, index) => {
    const start = process.cpuUsage();
    const changed = [...hosts.slice(1), { siloId: `new-${index}`, capacity: 1 }];
    void new Ring(changed, first);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  });
  return median(costs);
}
