import { sleep } from "@troupe/core";
import type { Bench, BenchContext, Measurement, Target } from "../bench.ts";
import { median, percentile } from "../measuring/median.ts";
import { DurableLoad } from "./durable-load.ts";
import { SiloCluster } from "./silo-cluster.ts";

const ACTORS = 120;

/** No actor may be away for longer, whatever is wrong. */
const OUTAGE_MAX_MS = 60_000;

/**
 * Well before the lease of 5 s ends: a silo that most of the others give up has to stop by itself.
 */
const HANG_TARGET: Target = { of: "value", sense: "at-most", limit: 1_500 };

/** For how long the actors of a silo are away when its process dies or stands still. */
export const failover: Bench = {
  name: "failover",
  what: "3 silos under load, one killed (or stopped, with --hang): time without an answer from its actors, p99",
  unit: "ms",
  target: { of: "value", sense: "at-most", limit: 120 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using cluster = await SiloCluster.start(context, { silos: 3, durable: true });
  const load = await DurableLoad.start(context, cluster, context.quick ? 20 : ACTORS);
  const outages: number[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    await settle(context, load);
    const ofRound = await outagesOfOne(context, cluster, load);
    outages.push(...ofRound);
    context.progress(
      `round ${round} of ${context.rounds}: ${ofRound.length} actors away, p50 ${Math.round(median(ofRound))} ms`,
    );
  }
  const p50 = median(outages);
  return {
    value: percentile(outages, 0.99),
    baseline: null,
    ratio: null,
    ...(context.hang ? { target: HANG_TARGET } : {}),
    checks: [
      ...(await load.checks()),
      ...(context.hang
        ? []
        : [{ what: "p50, ms", value: p50, sense: "at-most", limit: 150 } as const]),
    ],
    details: {
      p50,
      worst: Math.max(...outages),
      outages: outages.length,
      failedCalls: Object.fromEntries(load.callers.failures),
      storage: context.storage,
    },
  };
}

/** What was moved to a new silo has been called there. */
async function settle({ clock, quick }: BenchContext, { callers }: DurableLoad): Promise<void> {
  await sleep(clock, quick ? 100 : 1_000);
  callers.forgetGaps();
  await callers.untilAnswered(5, OUTAGE_MAX_MS);
}

/** The longest time without an answer of each actor that lived on the silo that was lost. */
async function outagesOfOne(
  context: BenchContext,
  cluster: SiloCluster,
  load: DurableLoad,
): Promise<number[]> {
  const [victim] = cluster.silos;
  if (victim === undefined) throw new Error("there is no silo");
  const owned = await load.onProcess(victim.pid);
  load.callers.forgetGaps();
  victim.signal(context.hang ? "SIGSTOP" : "SIGKILL");
  await load.callers.untilAnswered(20, OUTAGE_MAX_MS);
  const outages = owned.map((index) => load.callers.records[index]?.worstGapMs ?? 0);
  if (context.hang) {
    // On waking it still believes that its actors are its own; the totals show whether it changed
    // anything.
    victim.signal("SIGCONT");
    cluster.silos.push(...cluster.silos.splice(0, 1));
  } else {
    cluster.forget(victim);
    await cluster.add();
  }
  return outages;
}
