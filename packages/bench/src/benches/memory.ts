import { join } from "node:path";
import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { DurableCounter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { rateOfAll } from "../measuring/call-rate.ts";
import { median } from "../measuring/median.ts";
import { type Used, usedMemory } from "../measuring/used-memory.ts";

const IN_FLIGHT = 256;

/** What an actor costs that was called once and has nothing to do. */
export const memory: Bench = {
  name: "memory",
  what: "100,000 idle activations with one number slot, stored in a folder: bytes of JavaScript memory each",
  unit: "bytes",
  target: { of: "value", sense: "at-most", limit: 800 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const count = context.quick ? 1_000 : 100_000;
  const each: Used[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    each.push(await oneRound(context, count, round));
    context.progress(
      `round ${round} of ${context.rounds}: ${Math.round(each.at(-1)?.heap ?? 0)} bytes of heap each`,
    );
  }
  return {
    value: median(each.map(({ heap, outside }) => heap + outside)),
    baseline: null,
    ratio: null,
    details: {
      activations: count,
      heapEach: median(each.map(({ heap }) => heap)),
      outsideHeapEach: median(each.map(({ outside }) => outside)),
      residentEach: median(each.map(({ resident }) => resident)),
    },
  };
}

async function oneRound(
  { clock, folder }: BenchContext,
  count: number,
  round: number,
): Promise<Used> {
  await using silo = await startSilo({
    cluster: `bench-${round}`,
    membership: "memory:bench",
    storage: `file:${join(folder, "store")}`,
    actors: [DurableCounter],
    logger: silentLogger,
  });
  // Everything that is made once is made before.
  await silo.actor(DurableCounter, "first").add(1);
  const before = await usedMemory();
  await rateOfAll({ clock, inFlight: IN_FLIGHT }, count, (index) =>
    silo.actor(DurableCounter, `counter-${index}`).add(1),
  );
  const after = await usedMemory();
  return {
    heap: (after.heap - before.heap) / count,
    outside: (after.outside - before.outside) / count,
    resident: (after.resident - before.resident) / count,
  };
}
