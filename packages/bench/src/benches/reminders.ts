import { silentLogger, sleep } from "@troupe/core";
import { startSilo } from "troupe";
import { Sleeper, TICKS } from "../actors/sleeper.ts";
import { ZsetLoop } from "../baselines/zset-loop.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { rateOfAll } from "../measuring/call-rate.ts";
import { median, percentile } from "../measuring/median.ts";
import { sleepingCost } from "./sleeping-cost.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 256;

/** Nothing that is due in so long ticks while the bench runs. */
const FAR_MS = 3_600_000;

/** Setting all of them a second time may take so many times as long as the first time. */
const SET_AGAIN_MARGIN = 2;

/** All that is set has to have ticked so long after the last was set. */
const LATE_MAX_MS = 60_000;

/**
 * Reminders from the moment they are set to their tick. BullMQ, which is not installed by default,
 * showed 12,000 delayed jobs set a second and 98 ms at the 99th percentile on such machines; the
 * limits are those in proportion.
 */
export const reminders: Bench = {
  name: "reminders",
  what: "10,000 reminders: lateness at the 99th percentile, set and tick rate, 1 M sleeping; against a sorted set that is polled each 10 ms",
  unit: "ms",
  target: { of: "value", sense: "at-most", limit: 29.4 },
  measure,
};

/** What sets something to be due, and what then says how late it was. */
interface Contestant {
  set(index: number, dueAt: number): Promise<unknown>;
  readonly late: number[];
}

interface Round {
  readonly setRate: number;
  readonly p50: number;
  readonly p99: number;
  readonly ticksPerSecond: number;
}

async function measure(context: BenchContext): Promise<Measurement> {
  const { ours, baseline, kind } = await rounds(context);
  const sleeping = context.storage === "redis" ? await sleepingCost(context) : undefined;
  return {
    value: medianOf(ours, "p99"),
    baseline: medianOf(baseline, "p99"),
    ratio: medianOf(ours, "p99") / medianOf(baseline, "p99"),
    checks: [
      { what: "set a second", value: medianOf(ours, "setRate"), sense: "at-least", limit: 12_000 },
      {
        what: "ticks a second, all due at once",
        value: medianOf(ours, "ticksPerSecond"),
        sense: "at-least",
        limit: 20_000,
      },
      ...(sleeping === undefined ? [] : sleeping.checks),
    ],
    details: {
      ours: summary(ours),
      baseline: summary(baseline),
      sleeping: sleeping?.details,
      storage: kind,
    },
  };
}

function medianOf(which: readonly Round[], name: keyof Round): number {
  return median(which.map((round) => round[name]));
}

function summary(which: readonly Round[]): object {
  const names = ["setRate", "p50", "p99", "ticksPerSecond"] as const;
  return Object.fromEntries(names.map((name) => [name, medianOf(which, name)]));
}

async function rounds(
  context: BenchContext,
): Promise<{ ours: Round[]; baseline: Round[]; kind: string }> {
  const { clock, rounds: count } = context;
  await using storage = await openBenchStorage({ ...context, storage: "redis" });
  await using own = context.storage === "redis" ? undefined : await openBenchStorage(context);
  await using silo = await startSilo({
    cluster: "bench",
    membership: "memory:bench",
    storage: own === undefined ? storage.url : own.url,
    actors: [Sleeper],
    logger: silentLogger,
  });
  const late: number[] = [];
  const loop = new ZsetLoop(storage.url, clock, (name) =>
    late.push(clock.now() - Number(name.split(" ")[1])),
  );
  const ours: Round[] = [];
  const baseline: Round[] = [];
  try {
    for (let round = 1; round <= count; round++) {
      baseline.push(
        await oneRound(context, {
          set: (index, dueAt) => loop.set(`${index} ${dueAt}`, dueAt),
          late,
        }),
      );
      ours.push(
        await oneRound(context, {
          set: (index, dueAt) => silo.actor(Sleeper, `sleeper-${index}`).sleepUntil(dueAt),
          late: TICKS,
        }),
      );
      context.progress(
        `round ${round} of ${count}: ${shown(ours.at(-1))}; baseline ${shown(baseline.at(-1))}`,
      );
    }
  } finally {
    await loop.close();
  }
  return { ours, baseline, kind: context.storage };
}

function shown(round: Round | undefined): string {
  if (round === undefined) return "nothing";
  const { setRate, p50, p99, ticksPerSecond } = round;
  return `set ${Math.round(setRate)}/s, late ${p50.toFixed(1)} / ${p99.toFixed(1)} ms, ${Math.round(ticksPerSecond)} ticks/s`;
}

async function oneRound({ clock, quick }: BenchContext, contestant: Contestant): Promise<Round> {
  const count = quick ? 200 : 10_000;
  const spreadMs = quick ? 200 : 5_000;
  const { late } = contestant;
  const setAll = (dueAt: (index: number) => number): Promise<number> =>
    rateOfAll({ clock, inFlight: IN_FLIGHT }, count, (index) =>
      contestant.set(index, dueAt(index)),
    );

  const far = clock.now() + FAR_MS;
  const setRate = await setAll(() => far);
  // All are set again before the first is due, however slow the machine is just now.
  const setForMs = SET_AGAIN_MARGIN * ((count * 1_000) / setRate) + 1_000;

  late.length = 0;
  const first = clock.now() + setForMs;
  await setAll((index) => first + Math.floor((index * spreadMs) / count));
  await untilTicked(clock, late, count);
  const [p50, p99] = [percentile(late, 0.5), percentile(late, 0.99)];

  late.length = 0;
  const together = clock.now() + setForMs;
  await setAll(() => together);
  await untilTicked(clock, late, count);
  return { setRate, p50, p99, ticksPerSecond: (count * 1_000) / Math.max(1, ...late) };
}

async function untilTicked(
  clock: BenchContext["clock"],
  late: readonly number[],
  count: number,
): Promise<void> {
  const end = clock.monotonic() + LATE_MAX_MS;
  while (late.length < count) {
    if (clock.monotonic() > end) throw new Error(`only ${late.length} of ${count} ticked`);
    await sleep(clock, 20);
  }
}
