import { silentLogger } from "@troupe/core";
import { openTelemetry } from "@troupe/observability";
import { type Silo, startSilo } from "troupe";
import { Counter, DurableCounter } from "../actors/counters.ts";
import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { type Call, callRate } from "../measuring/call-rate.ts";
import { compare } from "../measuring/compare.ts";
import { type CpuReading, ownCpu } from "../measuring/cpu-cost.ts";
import { RemotePair } from "./remote-pair.ts";
import { type BenchStorage, openBenchStorage } from "./storage.ts";

const ACTORS = 1_000;
const IN_FLIGHT = 256;

/**
 * What it costs to watch: the silo counts its turns for Prometheus and OpenTelemetry. Calls of one
 * second of CPU are compared, because the few percent in question are less than what a rate changes
 * by from one second to the next.
 */
export const observed: Bench = {
  name: "observed",
  what: "call-remote with metrics, for each second of CPU; against the same without (and turn-spread in the same way)",
  unit: "calls/CPU s",
  target: { of: "ratio", sense: "at-least", limit: 0.97 },
  measure,
};

async function measure(context: BenchContext): Promise<Measurement> {
  context.progress("call-remote");
  const remote = await compareRemote(context);
  context.progress("turn-spread");
  const turns = await compareTurns(context);
  return {
    ...remote,
    checks: [
      {
        what: "turn-spread, with metrics against without",
        value: turns.ratio ?? 0,
        sense: "at-least",
        limit: 0.97,
      },
    ],
    details: { ...remote.details, turnSpread: turns },
  };
}

async function compareRemote(context: BenchContext): Promise<Measurement> {
  await using plain = await RemotePair.start(context);
  await using watched = await RemotePair.start(context, { observed: true });
  const callsOf = (pair: RemotePair): Promise<number> =>
    callsPerCpuSecond(context, [ownCpu, () => pair.silo.cpu()], (index) =>
      pair.cluster.actor(Counter, `counter-${index % ACTORS}`).add(1),
    );
  return await compare(context, { ours: () => callsOf(watched), baseline: () => callsOf(plain) });
}

async function compareTurns(context: BenchContext): Promise<Measurement> {
  await using storage = await openBenchStorage(context);
  // One after the other, since two clusters do not share a store.
  const turnsOf = async (isObserved: boolean): Promise<number> => {
    await using silo = await startTurns(storage, isObserved);
    return await callsPerCpuSecond(context, [ownCpu], (index) =>
      silo.actor(DurableCounter, `counter-${index % ACTORS}`).add(1),
    );
  };
  return await compare(context, { ours: () => turnsOf(true), baseline: () => turnsOf(false) });
}

async function startTurns({ url }: BenchStorage, isObserved: boolean): Promise<Silo> {
  return await startSilo({
    cluster: "bench",
    membership: "memory:bench",
    storage: url,
    actors: [DurableCounter],
    logger: silentLogger,
    ...(isObserved ? { metrics: (await openTelemetry()).metrics } : {}),
  });
}

/** Calls for each second of CPU that the processes use for them, all together. */
async function callsPerCpuSecond(
  { clock, quick }: BenchContext,
  processes: readonly CpuReading[],
  call: Call,
): Promise<number> {
  const used = async (): Promise<number> => {
    const readings = await Promise.all(processes.map((read) => read()));
    return readings.reduce((sum, micros) => sum + micros, 0);
  };
  // Activates all, so that only calls are measured.
  await Promise.all(Array.from({ length: ACTORS }, (_, index) => call(index)));
  let calls = 0;
  const before = await used();
  await callRate({ clock, inFlight: IN_FLIGHT, durationMs: quick ? 100 : 2_000 }, (index) => {
    calls++;
    return call(index);
  });
  return (calls * 1_000_000) / ((await used()) - before);
}
