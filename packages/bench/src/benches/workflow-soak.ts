import { workflow } from "@troupe/workflow";
import { Long, STEPS } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { callRate } from "../measuring/call-rate.ts";
import { median } from "../measuring/median.ts";
import { Chains } from "./chains.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 64;
const QUARTERS = 4;

/** Steps of one run, and how many of them the first and the last are measured over. */
const STEPS_OF_ONE = 5_000;
const WINDOW = 200;

/** What must not become slower: many runs, and many steps of one run. */
export const workflowSoak: Bench = {
  name: "workflow-soak",
  what: "workflows of 5 steps over minutes: the rate of the last quarter to that of the first; and step 5,000 of one to step 10",
  unit: "x",
  target: { of: "value", sense: "at-least", limit: 0.95 },
  isOnlyByName: true,
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const { clock, quick, minutes } = context;
  await using storage = await openBenchStorage(context);
  await using silo = await startFlowSilo(storage.url);
  const chains = new Chains(silo);
  const durationMs = (minutes * 60_000) / QUARTERS;
  const rates: number[] = [];
  for (let quarter = 1; quarter <= QUARTERS; quarter++) {
    rates.push(
      await callRate({ clock, inFlight: IN_FLIGHT, durationMs }, () => chains.asWorkflow()),
    );
    context.progress(`quarter ${quarter}: ${Math.round(rates.at(-1) ?? 0)} runs/s`);
  }
  STEPS.length = 0;
  const run = workflow(silo, Long, "one");
  await run.start(quick ? 2 * WINDOW : STEPS_OF_ONE);
  await run.send("go");
  await run.result();
  const slower = median(timesOf(STEPS.slice(-WINDOW))) / median(timesOf(STEPS.slice(10, WINDOW)));
  return {
    value: (rates.at(-1) ?? 0) / (rates[0] ?? Number.NaN),
    baseline: null,
    ratio: null,
    checks: [{ what: "a late step to an early one", value: slower, sense: "at-most", limit: 1.1 }],
    details: { minutes, rates, storage: storage.kind },
  };
}

function timesOf(starts: readonly number[]): number[] {
  return starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
}
