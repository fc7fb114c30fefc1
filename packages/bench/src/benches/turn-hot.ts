import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { DurableCounter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { callRate } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 64;

/**
 * Durable turns of one actor: they can share writes, so they are to be faster than one write each.
 */
export const turnHot: Bench = {
  name: "turn-hot",
  what: "one durable counter, 64 in flight; against one awaited write a turn",
  unit: "turns/s",
  target: { of: "ratio", sense: "at-least", limit: 4 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using storage = await openBenchStorage(context);
  await using silo = await startSilo({
    cluster: "bench",
    membership: "memory:bench",
    storage: storage.url,
    actors: [DurableCounter],
    logger: silentLogger,
  });
  const load = {
    clock: context.clock,
    inFlight: IN_FLIGHT,
    durationMs: context.quick ? 100 : 2_000,
  };
  const counter = silo.actor(DurableCounter, "hot");
  let turns = 0;
  const count = (): number => ++turns;
  const measured = await compare(context, {
    ours: () => callRate(load, () => counter.add(1).then(count)),
    baseline: () =>
      callRate({ ...load, inFlight: 1 }, (index) => storage.write("hot", String(index))),
  });
  const total = await counter.read();
  if (total !== turns) throw new Error(`the counter is at ${total} after ${turns} turns`);
  return { ...measured, details: { ...measured.details, storage: storage.kind } };
}
