import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { callRate } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { CpuCost, ownCpu } from "../measuring/cpu-cost.ts";
import { Chains } from "./chains.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 256;

/** Runs a second that are to be reached, by where they are stored. */
const LEAST = { redis: 1_500, file: 1_200, postgres: 1 } as const;

/** Short workflows, as many as one silo can do. */
export const workflowChain: Bench = {
  name: "workflow-chain",
  what: "workflows of 5 steps that do nothing, 256 in flight; against 6 turns of an actor with a reminder",
  unit: "runs/s",
  target: { of: "ratio", sense: "at-least", limit: 0.5 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using storage = await openBenchStorage(context);
  await using silo = await startFlowSilo(storage.url);
  const chains = new Chains(silo);
  const load = {
    clock: context.clock,
    inFlight: context.quick ? 8 : IN_FLIGHT,
    durationMs: context.quick ? 100 : 3_000,
  };
  const cost = new CpuCost({ silo: ownCpu });
  const measured = await compare(context, {
    ours: () => cost.of((count) => callRate(load, () => chains.asWorkflow().then(count))),
    baseline: () => callRate(load, () => chains.byHand()),
  });
  return {
    ...measured,
    checks: [
      {
        what: "runs a second",
        value: measured.value,
        sense: "at-least",
        limit: LEAST[storage.kind],
      },
      {
        what: "microseconds of CPU a run",
        value: cost.microsEach["silo"] ?? 0,
        sense: "at-most",
        limit: 500,
      },
    ],
    details: { ...measured.details, cpuMicros: cost.microsEach, storage: storage.kind },
  };
}
