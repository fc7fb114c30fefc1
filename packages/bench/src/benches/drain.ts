import { sleep } from "@troupe/core";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { DurableLoad } from "./durable-load.ts";
import { SiloCluster } from "./silo-cluster.ts";

const ACTORS = 120;
const GAP_MAX_MS = 60_000;

/** A rolling restart as callers see it. */
export const drain: Bench = {
  name: "drain",
  what: "3 silos under load, each stopped with SIGTERM and started anew: the longest time without an answer from any actor",
  unit: "ms",
  target: { of: "value", sense: "at-most", limit: 200 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using cluster = await SiloCluster.start(context, { silos: 3, durable: true });
  const load = await DurableLoad.start(context, cluster, context.quick ? 20 : ACTORS);
  const { callers } = load;
  const gaps: number[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    const silos = cluster.silos.slice();
    for (const silo of silos) {
      await sleep(context.clock, context.quick ? 100 : 1_000);
      callers.forgetGaps();
      silo.signal("SIGTERM");
      await silo.exited();
      cluster.forget(silo);
      await cluster.add();
      await callers.untilAnswered(20, GAP_MAX_MS);
      gaps.push(Math.max(...callers.records.map(({ worstGapMs }) => worstGapMs)));
    }
    context.progress(
      `round ${round} of ${context.rounds}: worst gap ${Math.round(Math.max(...gaps))} ms, ${callers.failed} calls failed`,
    );
  }
  return {
    value: Math.max(...gaps),
    baseline: null,
    ratio: null,
    checks: [
      { what: "failed calls", value: callers.failed, sense: "at-most", limit: 0 },
      ...(await load.checks()),
    ],
    details: { gaps, failedCalls: Object.fromEntries(callers.failures), storage: context.storage },
  };
}
