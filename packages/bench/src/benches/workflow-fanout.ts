import { workflow } from "@troupe/workflow";
import { Fan } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { median } from "../measuring/median.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

/** How many steps of one run are done and recorded in a second. */
export const workflowFanout: Bench = {
  name: "workflow-fanout",
  what: "one workflow with 1,000 steps, 500 of them at once",
  unit: "steps/s",
  target: { of: "value", sense: "at-least", limit: 15_000 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const { clock, quick, rounds } = context;
  const steps = quick ? 50 : 1_000;
  await using storage = await openBenchStorage(context);
  await using silo = await startFlowSilo(storage.url);
  const rates: number[] = [];
  // The first one is for warming up.
  for (let round = 0; round <= rounds; round++) {
    const run = workflow(silo, Fan, `fan-${round}`);
    const start = clock.monotonic();
    await run.start(steps);
    const done = await run.result();
    if (done !== steps) throw new Error(`${done} of ${steps} steps were done`);
    const rate = (steps * 1_000) / (clock.monotonic() - start);
    if (round > 0) rates.push(rate);
    context.progress(`round ${round} of ${rounds}: ${Math.round(rate)} steps/s`);
  }
  return {
    value: median(rates),
    baseline: null,
    ratio: null,
    details: { steps, rates, storage: storage.kind },
  };
}
