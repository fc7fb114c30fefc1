import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { latencies } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { median } from "../measuring/median.ts";
import { Chains } from "./chains.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

/** How long a short workflow takes when nothing else is going on. */
export const workflowLatency: Bench = {
  name: "workflow-latency",
  what: "a workflow of 5 steps that do nothing, 1 in flight, p50; against 6 turns of an actor with a reminder",
  unit: "ms",
  target: { of: "ratio", sense: "at-most", limit: 1.5 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using storage = await openBenchStorage(context);
  await using silo = await startFlowSilo(storage.url);
  const chains = new Chains(silo);
  const { clock, quick } = context;
  const count = quick ? 10 : 500;
  const measured = await compare(context, {
    ours: async () => median(await latencies(clock, count, () => chains.asWorkflow())),
    baseline: async () => median(await latencies(clock, count, () => chains.byHand())),
  });
  return { ...measured, details: { ...measured.details, storage: storage.kind } };
}
