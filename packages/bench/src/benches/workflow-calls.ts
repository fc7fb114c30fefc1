import { workflow } from "@troupe/workflow";
import { Calls, LINKS } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { callRate } from "../measuring/call-rate.ts";
import { median } from "../measuring/median.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 256;
const TARGETS = 1_000;

/** Workflows that call actors, each call with exactly one effect. */
export const workflowCalls: Bench = {
  name: "workflow-calls",
  what: "workflows of 5 calls of 1,000 actors, 256 in flight; and of one actor",
  unit: "runs/s",
  target: { of: "value", sense: "at-least", limit: 800 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const { clock, quick, rounds } = context;
  await using storage = await openBenchStorage(context);
  await using silo = await startFlowSilo(storage.url);
  const load = { clock, inFlight: quick ? 8 : IN_FLIGHT, durationMs: quick ? 100 : 3_000 };
  let runs = 0;
  const rate = (targetOf: (call: number) => string): Promise<number> =>
    callRate(load, async () => {
      const number = ++runs;
      const run = workflow(silo, Calls, `calls-${number}`);
      await run.start(Array.from({ length: LINKS }, (_, link) => targetOf(number * LINKS + link)));
      await run.result();
    });
  const spread: number[] = [];
  const hot: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    spread.push(await rate((call) => `spread-${call % TARGETS}`));
    hot.push(await rate(() => "hot"));
    context.progress(
      `round ${round} of ${rounds}: ${Math.round(spread.at(-1) ?? 0)}/s, of one actor ${Math.round(hot.at(-1) ?? 0)}/s`,
    );
  }
  return {
    value: median(spread),
    baseline: null,
    ratio: null,
    checks: [
      { what: "runs a second, of one actor", value: median(hot), sense: "at-least", limit: 400 },
    ],
    details: { spread, hot, storage: storage.kind },
  };
}
