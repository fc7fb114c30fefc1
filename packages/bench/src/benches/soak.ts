import { sleep } from "@troupe/core";
import { Counter } from "../actors/counters.ts";
import { Worker } from "../actors/worker.ts";
import type { Bench, BenchContext, Check, Measurement } from "../bench.ts";
import { median } from "../measuring/median.ts";
import { openLoop, type OpenLoopResult } from "../measuring/open-loop.ts";
import type { Usage } from "../programs/process-usage.ts";
import { SiloCluster } from "./silo-cluster.ts";

const ACTORS = 1_000;
const STEADY_RATE = 5_000;
const SAMPLES = 40;

const TIMEOUT_RATE = 10_000;
const TIMEOUT_MS = 100;
/**
 * Twenty times what is under way if the machine keeps up: if it does not, the rate is what gives.
 */
const TIMEOUTS_UNDER_WAY_MAX = 20_000;

/** Rounds of the busy method: about a millisecond. */
const WORK = 400_000;
const WORKERS = 20;

/**
 * Of calls at capacity and at three times that, one after the other: other work on the machine
 * comes and goes.
 */
const OVERLOAD_ROUNDS = 5;

/** Growth over the second half that a heap may show without growing. */
const GROWTH_MAX = 1.1;

/**
 * What has to stay bounded, over minutes: memory under a steady load, a link under timeouts,
 * latency under too much load.
 */
export const soak: Bench = {
  name: "soak",
  what: "a steady load, then 10,000 timeouts a second, then three times capacity: memory, links and latency stay bounded",
  unit: "x heap",
  target: { of: "value", sense: "at-most", limit: GROWTH_MAX },
  isOnlyByName: true,
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const wholeMs = context.minutes * 60_000;
  const steady = await alone(context, (cluster) => steadyLoad(context, cluster, wholeMs / 2));
  const timeouts = await alone(context, (cluster) => manyTimeouts(context, cluster, wholeMs / 4));
  const overload = await alone(context, (cluster) =>
    threeTimesCapacity(context, cluster, wholeMs / 4),
  );
  return {
    value: steady.heapGrowth,
    baseline: null,
    ratio: null,
    checks: [...steady.checks, ...timeouts.checks, ...overload.checks],
    details: {
      minutes: context.minutes,
      steady: steady.details,
      timeouts: timeouts.details,
      overload: overload.details,
    },
  };
}

interface Part {
  readonly checks: readonly Check[];
  readonly details: object;
}

/**
 * With a silo of its own, so that no part has to do with what another one has left. It collects its
 * garbage before it tells how large its heap is: with some 25 MB, the heap between two collections
 * grew by a third and shrank again, each minute.
 */
async function alone<T>(
  context: BenchContext,
  part: (cluster: SiloCluster) => Promise<T>,
): Promise<T> {
  await using cluster = await SiloCluster.start(context, {
    silos: 1,
    durable: false,
    nodeArgs: ["--expose-gc"],
  });
  return await part(cluster);
}

async function steadyLoad(
  context: BenchContext,
  { cluster, silos: [silo] }: SiloCluster,
  durationMs: number,
) {
  const { clock } = context;
  const samples: Usage[] = [];
  let index = 0;
  const load = openLoop({ clock, durationMs, rate: STEADY_RATE }, () =>
    cluster.actor(Counter, `counter-${index++ % ACTORS}`).add(1),
  );
  for (let sample = 0; sample < SAMPLES; sample++) {
    await sleep(clock, durationMs / (SAMPLES + 1));
    if (silo !== undefined) samples.push(await silo.usage());
  }
  const { answered, failures, p99Ms } = await load;
  const heapGrowth = growth(samples.map(({ heapBytes }) => heapBytes));
  const residentGrowth = growth(samples.map(({ residentBytes }) => residentBytes));
  context.progress(
    `steady: ${answered} calls, heap x ${heapGrowth.toFixed(3)}, resident x ${residentGrowth.toFixed(3)}`,
  );
  return {
    heapGrowth,
    checks: [
      {
        what: "growth of resident memory",
        value: residentGrowth,
        sense: "at-most",
        limit: GROWTH_MAX,
      },
    ] satisfies Check[],
    details: {
      calls: answered,
      failures,
      p99Ms,
      heapMegabytes: samples.map(({ heapBytes }) => megabytes(heapBytes)),
      residentMegabytes: samples.map(({ residentBytes }) => megabytes(residentBytes)),
    },
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}

/**
 * The last quarter of the values as a multiple of the one before: what comes before that is warming
 * up.
 */
function growth(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4);
  return median(values.slice(-quarter)) / median(values.slice(-2 * quarter, -quarter));
}

/** Calls that nobody answers, beside calls on the same link that are to be answered. */
async function manyTimeouts(
  context: BenchContext,
  { cluster }: SiloCluster,
  durationMs: number,
): Promise<Part> {
  const { clock } = context;
  let index = 0;
  const [late, beside] = await Promise.all([
    openLoop({ clock, durationMs, rate: TIMEOUT_RATE, inFlightMax: TIMEOUTS_UNDER_WAY_MAX }, () =>
      cluster.actor(Worker, `stalled-${index++ % ACTORS}`, { timeout: TIMEOUT_MS }).stall(),
    ),
    openLoop({ clock, durationMs, rate: 100 }, () => cluster.actor(Counter, "beside").add(1)),
  ]);
  const timeouts = late.failures["TIMEOUT"] ?? 0;
  const lost = (late.failures["SILO_LOST"] ?? 0) + (beside.failures["SILO_LOST"] ?? 0);
  context.progress(
    `timeouts: ${timeouts}, calls that lost their link ${lost}, calls beside them p99 ${shown(beside)}`,
  );
  return {
    checks: [
      {
        what: "timeouts a second",
        value: (timeouts * 1_000) / durationMs,
        sense: "at-least",
        limit: 0.9 * TIMEOUT_RATE,
      },
      {
        what: "calls that lost their link among timeouts",
        value: lost,
        sense: "at-most",
        limit: 0,
      },
    ],
    details: { late, beside },
  };
}

/**
 * As much as the silo can do, and then three times as much.
 *
 * Its capacity is what it answers while there is more than it can do. To call at that rate, whether
 * or not earlier calls were answered, keeps it just busy, and how long calls then take is bounded
 * by nothing but the silo itself: no limit of this load generator's may stand between, or it would
 * be that limit which is measured.
 */
async function threeTimesCapacity(
  context: BenchContext,
  { cluster, silos: [silo] }: SiloCluster,
  wholeMs: number,
): Promise<Part> {
  const { clock } = context;
  let index = 0;
  const work = (): Promise<unknown> =>
    cluster.actor(Worker, `worker-${index++ % WORKERS}`).work(WORK);
  const durationMs = wholeMs / 8;
  const warm = await openLoop({ clock, durationMs, rate: 50_000, inFlightMax: WORKERS * 2 }, work);
  const start = clock.monotonic();
  const full = await openLoop(
    { clock, durationMs, rate: (warm.answered * 3_000) / durationMs },
    work,
  );
  const capacity = (full.answered * 1_000) / (clock.monotonic() - start);
  const before = await silo?.usage();
  const rounds: OverloadRound[] = [];
  for (let round = 0; round < OVERLOAD_ROUNDS; round++) {
    const roundMs = (wholeMs * 3) / 8 / OVERLOAD_ROUNDS;
    const once = await openLoop({ clock, durationMs: roundMs, rate: capacity }, work);
    const thrice = await openLoop({ clock, durationMs: roundMs, rate: 3 * capacity }, work);
    rounds.push({ once, thrice });
  }
  const after = await silo?.usage();
  const heapMegabytes = [before, after].map((usage) => megabytes(usage?.heapBytes ?? 0));
  const p99 = (of: (round: OverloadRound) => OpenLoopResult): string =>
    median(rounds.map((round) => of(round).p99Ms)).toFixed(0);
  const share = median(
    rounds.map(({ thrice }) => refusalsOf(thrice) / (refusalsOf(thrice) + thrice.answered)),
  );
  const refusedAfter = median(rounds.map(({ thrice }) => thrice.refusalP99Ms)).toFixed(0);
  context.progress(
    `capacity ${Math.round(capacity)}/s, p99 ${p99(({ once }) => once)} ms; at three times that ${p99(({ thrice }) => thrice)} ms, ` +
      `and ${(100 * share).toFixed(0)} % refused, p99 after ${refusedAfter} ms`,
  );
  return { checks: overloadChecks(rounds, share), details: { capacity, heapMegabytes, rounds } };
}

interface OverloadRound {
  readonly once: OpenLoopResult;
  readonly thrice: OpenLoopResult;
}

function overloadChecks(rounds: readonly OverloadRound[], refusedShare: number): Check[] {
  const otherFailures = rounds
    .flatMap(({ once, thrice }) => [once, thrice])
    .map((run) => sum(run.failures) - refusalsOf(run));
  return [
    {
      what: "p99 of accepted calls at 3 x capacity, to that at capacity",
      value: median(rounds.map(({ once, thrice }) => thrice.p99Ms / once.p99Ms)),
      sense: "at-most",
      limit: 2,
    },
    {
      what: "share of calls refused at 3 x capacity",
      value: refusedShare,
      sense: "at-least",
      limit: 0.5,
    },
    {
      what: "p99 of the time to a refusal, to p99 of accepted calls at capacity",
      value: median(rounds.map(({ once, thrice }) => thrice.refusalP99Ms / once.p99Ms)),
      sense: "at-most",
      limit: 1,
    },
    {
      what: "calls that failed otherwise than refused",
      value: otherFailures.reduce((total, count) => total + count, 0),
      sense: "at-most",
      limit: 0,
    },
  ];
}

function refusalsOf({ failures }: OpenLoopResult): number {
  return (failures["MAILBOX_FULL"] ?? 0) + (failures["OVERLOADED"] ?? 0);
}

function shown({ p99Ms }: OpenLoopResult): string {
  return `${p99Ms.toFixed(1)} ms`;
}

function sum(failures: Readonly<Record<string, number>>): number {
  return Object.values(failures).reduce((total, count) => total + count, 0);
}
