import { Counter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { callRate } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { CpuCost, ownCpu } from "../measuring/cpu-cost.ts";
import { RemotePair } from "./remote-pair.ts";

const ACTORS = 1_000;
const IN_FLIGHT = 256;

/** What a call from process to process costs beyond the stream that carries it. */
export const callRemote: Bench = {
  name: "call-remote",
  what: "client process to silo process, 1,000 actors, 256 in flight; against a bare gRPC stream that echoes batches",
  unit: "calls/s",
  target: { of: "ratio", sense: "at-least", limit: 0.7 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using pair = await RemotePair.start(context);
  const load = {
    clock: context.clock,
    inFlight: IN_FLIGHT,
    durationMs: context.quick ? 100 : 2_000,
  };
  const ids = Array.from({ length: ACTORS }, (_, index) => `counter-${index}`);
  const counters = ids.map((id) => pair.cluster.actor(Counter, id));
  await Promise.all(counters.map((counter) => counter.add(1)));
  const ours = new CpuCost({ client: ownCpu, silo: () => pair.silo.cpu() });
  const baseline = new CpuCost({ client: ownCpu, server: () => pair.server.cpu() });
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
          return pair.echo.call("BenchCounter", ids[index % ACTORS] ?? "", "add", [1]);
        }),
      ),
  });
  const cpuMicrosEach = { ours: ours.microsEach, baseline: baseline.microsEach };
  return { ...measured, details: { ...measured.details, cpuMicrosEach } };
}
