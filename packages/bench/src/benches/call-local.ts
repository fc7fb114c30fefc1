import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { Counter } from "../actors/counters.ts";
import { PromiseMailbox } from "../baselines/promise-mailbox.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { localCallRate } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { CpuCost, ownCpu } from "../measuring/cpu-cost.ts";

const IN_FLIGHT = 64;

/** A call within one silo: all that is ours and no I/O. */
export const callLocal: Bench = {
  name: "call-local",
  what: "one silo, a hot actor, 64 in flight, nothing durable; against a bare promise-chain mailbox",
  unit: "calls/s",
  target: { of: "ratio", sense: "at-least", limit: 0.25 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  const load = {
    clock: context.clock,
    inFlight: IN_FLIGHT,
    durationMs: context.quick ? 50 : 1_500,
  };
  await using silo = await startSilo({
    cluster: "bench",
    membership: "memory:bench",
    actors: [Counter],
    logger: silentLogger,
  });
  const counter = silo.actor(Counter, "hot");
  const mailbox = new PromiseMailbox();
  const plain = new PlainCounter();
  const ours = new CpuCost({ silo: ownCpu });
  const baseline = new CpuCost({ mailbox: ownCpu });
  const measured = await compare(context, {
    ours: () =>
      ours.of((count) =>
        localCallRate(load, () => {
          count();
          return counter.add(1);
        }),
      ),
    baseline: () =>
      baseline.of((count) =>
        localCallRate(load, () => {
          count();
          return mailbox.post(() => plain.add(1));
        }),
      ),
  });
  const cpuMicrosEach = { ours: ours.microsEach, baseline: baseline.microsEach };
  return { ...measured, details: { ...measured.details, cpuMicrosEach } };
}

/** What the actor does, without an actor. */
class PlainCounter {
  #total = 0;

  add(amount: number): number {
    this.#total += amount;
    return this.#total;
  }
}
