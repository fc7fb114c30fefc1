import { sleep } from "@troupe/core";
import { workflow } from "@troupe/workflow";
import { Nap, NAPS } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { rateOfAll } from "../measuring/call-rate.ts";
import { median, percentile } from "../measuring/median.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 256;

/** The machine may be so much slower than in the rehearsal while runs are started. */
const MARGIN = 2;

/** Later than this a run does not wake up at all. */
const LATE_MAX_MS = 60_000;

/** How late sleeping workflows wake up. */
export const workflowSleep: Bench = {
  name: "workflow-sleep",
  what: "10,000 sleeping workflows that are due 1 ms apart: lateness at the 99th percentile",
  unit: "ms",
  target: { of: "value", sense: "at-most", limit: 20 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const { clock, quick, rounds } = context;
  const count = quick ? 50 : 10_000;
  await using storage = await openBenchStorage(context);
  await using silo = await startFlowSilo(storage.url);
  let runs = 0;
  const startAll = (howMany: number, dueAt: (index: number) => number): Promise<number> =>
    rateOfAll({ clock, inFlight: IN_FLIGHT }, howMany, (index) =>
      workflow(silo, Nap, `nap-${++runs}`).start(dueAt(index)),
    );
  const rehearsed = await startAll(count / 10, () => clock.now());
  const p50s: number[] = [];
  const p99s: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await untilAwake(clock, round === 1 ? count / 10 : count);
    NAPS.length = 0;
    const first = clock.now() + 1_000 + (MARGIN * count * 1_000) / rehearsed;
    await startAll(count, (index) => Math.floor(first) + index);
    await untilAwake(clock, count);
    p50s.push(percentile(NAPS, 0.5));
    p99s.push(percentile(NAPS, 0.99));
    context.progress(`round ${round} of ${rounds}: late ${p50s.at(-1)} / ${p99s.at(-1)} ms`);
  }
  return {
    value: median(p99s),
    baseline: null,
    ratio: null,
    details: { p50: median(p50s), startsPerSecond: rehearsed, storage: storage.kind },
  };
}

async function untilAwake(clock: BenchContext["clock"], count: number): Promise<void> {
  const end = clock.monotonic() + LATE_MAX_MS + count;
  while (NAPS.length < count) {
    if (clock.monotonic() > end) throw new Error(`only ${NAPS.length} of ${count} woke up`);
    await sleep(clock, 20);
  }
}
