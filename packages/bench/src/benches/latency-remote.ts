import { Counter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { latencies } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { median } from "../measuring/median.ts";
import { RemotePair } from "./remote-pair.ts";

/** How long a call from process to process takes when nothing else is going on. */
export const latencyRemote: Bench = {
  name: "latency-remote",
  what: "client process to silo process, 1 in flight, p50; against the same bare gRPC stream, 1 in flight",
  unit: "ms",
  target: { of: "ratio", sense: "at-most", limit: 1.2 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  await using pair = await RemotePair.start(context);
  const { clock } = context;
  const count = context.quick ? 50 : 4_000;
  const counter = pair.cluster.actor(Counter, "counter");
  return await compare(context, {
    ours: async () => median(await latencies(clock, count, () => counter.add(1))),
    baseline: async () =>
      median(
        await latencies(clock, count, () => pair.echo.call("BenchCounter", "counter", "add", [1])),
      ),
  });
}
