import { workflow } from "@troupe/workflow";
import { Long } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { rateOfAll } from "../measuring/call-rate.ts";
import { median } from "../measuring/median.ts";
import { type Used, usedMemory } from "../measuring/used-memory.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 256;

/** So few that all are started before the first of them has waited for so long that it goes. */
const RUNS = 20_000;

/** What a workflow costs that waits for an event, with its code in memory. */
export const workflowMemory: Bench = {
  name: "workflow-memory",
  what: "20,000 workflows that wait for an event, stored in a folder: bytes of JavaScript memory each",
  unit: "bytes",
  target: { of: "value", sense: "at-most", limit: 4_000 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const count = context.quick ? 500 : RUNS;
  const each: Used[] = [];
  for (let round = 1; round <= context.rounds; round++) each.push(await oneRound(context, count));
  return {
    value: median(each.map(({ heap, outside }) => heap + outside)),
    baseline: null,
    ratio: null,
    details: {
      runs: count,
      heapEach: median(each.map(({ heap }) => heap)),
      outsideHeapEach: median(each.map(({ outside }) => outside)),
      residentEach: median(each.map(({ resident }) => resident)),
    },
  };
}

async function oneRound(context: BenchContext, count: number): Promise<Used> {
  await using storage = await openBenchStorage({ ...context, storage: "file" });
  await using silo = await startFlowSilo(storage.url);
  const { clock } = context;
  // Everything that is made once is made before. Each round has ids of its own.
  const round = Math.floor(clock.monotonic());
  await workflow(silo, Long, `first-${round}`).start(0);
  const before = await usedMemory();
  await rateOfAll({ clock, inFlight: IN_FLIGHT }, count, (index) =>
    workflow(silo, Long, `long-${round}-${index}`).start(0),
  );
  const after = await usedMemory();
  return {
    heap: (after.heap - before.heap) / count,
    outside: (after.outside - before.outside) / count,
    resident: (after.resident - before.resident) / count,
  };
}
