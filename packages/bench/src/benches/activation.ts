import { silentLogger } from "@troupe/core";
import { type Silo, startSilo } from "troupe";
import { DurableCounter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { rateOfAll } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { CpuCost, ownCpu } from "../measuring/cpu-cost.ts";
import { storageTarget, type StorageLimits } from "./storage-target.ts";
import { type BenchStorage, openBenchStorage } from "./storage.ts";

const IN_FLIGHT = 256;
const LIMITS: StorageLimits = { redis: 0.6, postgres: 0.3, file: 0.4 };

/** First calls: each claims its actor, loads what was stored, and brings it to life. */
export const activation: Bench = {
  name: "activation",
  what: "first calls to 20,000 stored actors, 256 in flight; against plain reads of as many records, 256 in flight",
  unit: "activations/s",
  target: storageTarget(LIMITS, "redis"),
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using storage = await openBenchStorage(context);
  const load = { clock: context.clock, inFlight: IN_FLIGHT };
  const ids = Array.from(
    { length: context.quick ? 300 : 20_000 },
    (_, index) => `counter-${index}`,
  );
  const idOf = idsOf(ids);
  context.progress(`storing ${ids.length} actors`);
  {
    await using first = await start(storage);
    await rateOfAll(load, ids.length, (index) => first.actor(DurableCounter, idOf(index)).add(1));
    await rateOfAll(load, ids.length, (index) => storage.write(idOf(index), "1"));
  }
  const ours = new CpuCost({ silo: ownCpu, store: storage.cpu });
  const baseline = new CpuCost({ client: ownCpu, store: storage.cpu });
  const measured = await compare(context, {
    // A new silo each time, on which nothing is active yet.
    ours: async () => {
      await using silo = await start(storage);
      return await ours.of((count) =>
        rateOfAll(load, ids.length, (index) => {
          count();
          return silo.actor(DurableCounter, idOf(index)).read();
        }),
      );
    },
    baseline: () =>
      baseline.of((count) =>
        rateOfAll(load, ids.length, (index) => {
          count();
          return storage.load(idOf(index));
        }),
      ),
  });
  const cpuMicrosEach = { ours: ours.microsEach, baseline: baseline.microsEach };
  return {
    ...measured,
    target: storageTarget(LIMITS, storage.kind),
    details: { ...measured.details, cpuMicrosEach, storage: storage.kind, actors: ids.length },
  };
}

function start({ url }: BenchStorage): Promise<Silo> {
  return startSilo({
    cluster: "bench",
    membership: "memory:bench",
    storage: url,
    actors: [DurableCounter],
    logger: silentLogger,
  });
}

function idsOf(ids: readonly string[]): (index: number) => string {
  return (index) => ids[index] ?? "";
}
