import { sleep } from "@troupe/core";
import { workflow } from "@troupe/workflow";
import { Chain, LINKS } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { median, percentile } from "../measuring/median.ts";
import { SiloCluster } from "./silo-cluster.ts";

const LANES = 100;

/** How long the load runs before a silo is killed, and after that. */
const BEFORE_MS = 1_000;
const AFTER_MS = 4_000;

/** For how long workflows stand still when their silo dies. */
export const workflowFailover: Bench = {
  name: "workflow-failover",
  what: "3 silos with short workflows, one killed: time until those that were under way have ended, p99",
  unit: "ms",
  target: { of: "value", sense: "at-most", limit: 1_000 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const { quick, rounds } = context;
  await using cluster = await SiloCluster.start(context, { silos: 3, durable: true });
  const p50s: number[] = [];
  const p99s: number[] = [];
  const wrong: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const stalls = await stallsOfOne(context, cluster, { lanes: quick ? 10 : LANES, round, wrong });
    p50s.push(percentile(stalls, 0.5));
    p99s.push(percentile(stalls, 0.99));
    context.progress(
      `round ${round} of ${rounds}: ${stalls.length} under way, ended after ${p50s.at(-1)?.toFixed(0)} / ${p99s.at(-1)?.toFixed(0)} ms`,
    );
    await cluster.add();
  }
  return {
    value: median(p99s),
    baseline: null,
    ratio: null,
    checks: [
      { what: "workflows that came to nothing", value: wrong.length, sense: "at-most", limit: 0 },
    ],
    details: { p50: median(p50s), wrong: wrong.slice(0, 10), storage: context.storage },
  };
}

interface Round {
  readonly lanes: number;
  readonly round: number;
  /** Runs that ended otherwise than they ought to. */
  readonly wrong: string[];
}

/** How long after the kill each of the runs ended that were under way then. */
async function stallsOfOne(
  { clock, quick }: BenchContext,
  silos: SiloCluster,
  { lanes, round, wrong }: Round,
): Promise<number[]> {
  const runs: { readonly start: number; readonly end: number }[] = [];
  const over = new AbortController();
  const lane = async (number: number): Promise<void> => {
    for (let count = 0; !over.signal.aborted; count++) {
      const start = clock.monotonic();
      const id = `failover-${round}-${number}-${count}`;
      await endOf(silos.cluster, id).catch((error: unknown) =>
        wrong.push(`${id}: ${String(error)}`),
      );
      runs.push({ start, end: clock.monotonic() });
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  await sleep(clock, quick ? 200 : BEFORE_MS);
  const [victim] = silos.silos;
  const killedAt = clock.monotonic();
  if (victim !== undefined) {
    victim.signal("SIGKILL");
    silos.forget(victim);
  }
  await sleep(clock, quick ? 500 : AFTER_MS);
  over.abort();
  await all;
  return runs.flatMap(({ start, end }) =>
    start < killedAt && end > killedAt ? [end - killedAt] : [],
  );
}

/** A start whose answer is lost with its silo is made again. */
async function endOf(cluster: SiloCluster["cluster"], id: string): Promise<void> {
  const run = workflow(cluster, Chain, id);
  while (!(await run.start().then(() => true, isFatal)));
  const done = await run.result();
  if (done !== LINKS) throw new Error(`it has ${done} links`);
}

function isFatal(error: unknown): false {
  const { retryable, code } = error as { readonly retryable?: boolean; readonly code?: string };
  if (retryable === true || code === "SILO_LOST") return false;
  throw error;
}
