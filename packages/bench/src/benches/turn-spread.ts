import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { DurableCounter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { callRate } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { CpuCost, ownCpu } from "../measuring/cpu-cost.ts";
import { storageTarget, type StorageLimits } from "./storage-target.ts";
import { openBenchStorage } from "./storage.ts";

const ACTORS = 1_000;
const IN_FLIGHT = 256;
const LIMITS: StorageLimits = { redis: 0.9, postgres: 0.35, file: 0.45 };

/** Durable turns of many actors: what a fenced commit costs beyond the write. */
export const turnSpread: Bench = {
  name: "turn-spread",
  what: "1,000 durable counters, 256 in flight; against plain writes, 256 in flight",
  unit: "turns/s",
  target: storageTarget(LIMITS, "redis"),
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
  const ids = Array.from({ length: ACTORS }, (_, index) => `counter-${index}`);
  const counters = ids.map((id) => silo.actor(DurableCounter, id));
  const ours = new CpuCost({ silo: ownCpu, store: storage.cpu });
  const baseline = new CpuCost({ client: ownCpu, store: storage.cpu });
  const measured = await compare(context, {
    ours: () =>
      ours.of((count) =>
        callRate(load, (index) => {
          count();
          return counters[index % ACTORS]?.add(1) ?? Promise.reject(new RangeError());
        }),
      ),
    baseline: () =>
      baseline.of((count) =>
        callRate(load, (index) => {
          count();
          return storage.write(ids[index % ACTORS] ?? "", String(index));
        }),
      ),
  });
  const cpuMicrosEach = { ours: ours.microsEach, baseline: baseline.microsEach };
  return {
    ...measured,
    target: storageTarget(LIMITS, storage.kind),
    details: { ...measured.details, cpuMicrosEach, storage: storage.kind },
  };
}
