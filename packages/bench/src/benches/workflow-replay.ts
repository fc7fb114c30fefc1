import { monitorEventLoopDelay } from "node:perf_hooks";
import { sleep } from "@troupe/core";
import { workflow } from "@troupe/workflow";
import type { Silo } from "troupe";
import { Long } from "../actors/flows.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { median } from "../measuring/median.ts";
import { startFlowSilo } from "./flow-silo.ts";
import { openBenchStorage } from "./storage.ts";

/** Episodes of a short history. */
const SHORT = 100;

/** How fast a new owner brings a run to where it stood. */
export const workflowReplay: Bench = {
  name: "workflow-replay",
  what: "a workflow with 10,000 episodes goes on in another silo: episodes that are read and replayed a second; and with 100, in ms",
  unit: "episodes/s",
  target: { of: "value", sense: "at-least", limit: 150_000 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const { clock, quick, rounds } = context;
  const long = quick ? 200 : 10_000;
  await using storage = await openBenchStorage(context);
  const rates: number[] = [];
  const shortMs: number[] = [];
  const held: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const names = { long: `long-${round}`, short: `short-${round}` };
    {
      await using before = await startFlowSilo(storage.url);
      await untilWaiting(clock, before, names.long, long);
      await untilWaiting(clock, before, names.short, SHORT);
    }
    await using after = await startFlowSilo(storage.url);
    shortMs.push(await goOn(clock, after, names.short));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    rates.push((long * 1_000) / (await goOn(clock, after, names.long)));
    delay.disable();
    held.push(delay.max / 1e6);
    context.progress(
      `round ${round} of ${rounds}: ${Math.round(rates.at(-1) ?? 0)} episodes/s, ${SHORT} in ${shortMs.at(-1)?.toFixed(1)} ms`,
    );
  }
  return {
    value: median(rates),
    baseline: null,
    ratio: null,
    checks: [
      {
        what: "ms to wake one of 100 episodes",
        value: median(shortMs),
        sense: "at-most",
        limit: 5,
      },
      { what: "ms that the loop was held", value: median(held), sense: "at-most", limit: 10 },
    ],
    details: { episodes: long, storage: storage.kind },
  };
}

async function untilWaiting(
  clock: BenchContext["clock"],
  silo: Silo,
  id: string,
  steps: number,
): Promise<void> {
  const run = workflow(silo, Long, id);
  await run.start(steps);
  while ((await run.status()).episodes <= steps) await sleep(clock, 10);
}

/** Milliseconds until the run has taken its event. */
async function goOn(clock: BenchContext["clock"], silo: Silo, id: string): Promise<number> {
  const start = clock.monotonic();
  const run = workflow(silo, Long, id);
  await run.send("go");
  await run.result();
  return clock.monotonic() - start;
}
