import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { Counter, DurableCounter } from "../actors/counters.ts";
import { Sleeper, TICKS } from "../actors/sleeper.ts";
import type { BenchContext, StorageKind } from "../bench.ts";
import { SiloCluster } from "../benches/silo-cluster.ts";
import { openBenchStorage } from "../benches/storage.ts";
import type { Contestant, Counters, Delays } from "./contestant.ts";

/**
 * Adds one to a counter. References are kept, as a caller does that calls an actor again and again.
 */
function adderOf(
  counterOf: (id: string) => { add(amount: number): Promise<number> },
): Counters["add"] {
  const counters = new Map<string, ReturnType<typeof counterOf>>();
  return (id) => {
    let counter = counters.get(id);
    if (counter === undefined) counters.set(id, (counter = counterOf(id)));
    return counter.add(1);
  };
}

async function startLocal(): Promise<Counters> {
  const silo = await startSilo({
    cluster: "bench",
    membership: "memory:bench",
    actors: [Counter],
    logger: silentLogger,
  });
  return {
    kind: "counters",
    add: adderOf((id) => silo.actor(Counter, id)),
    close: () => silo.stop(),
  };
}

async function startRemote(context: BenchContext): Promise<Counters> {
  const silos = await SiloCluster.start(context, { silos: 1, durable: false });
  return {
    kind: "counters",
    add: adderOf((id) => silos.cluster.actor(Counter, id)),
    close: () => silos[Symbol.asyncDispose](),
  };
}

function durableOn(storage: StorageKind): (context: BenchContext) => Promise<Counters> {
  return async (context) => {
    const silos = await SiloCluster.start({ ...context, storage }, { silos: 1, durable: true });
    return {
      kind: "counters",
      add: adderOf((id) => silos.cluster.actor(DurableCounter, id)),
      close: () => silos[Symbol.asyncDispose](),
    };
  };
}

function remindersOn(kind: StorageKind): (context: BenchContext) => Promise<Delays> {
  return async (context) => {
    const storage = await openBenchStorage({ ...context, storage: kind });
    const silo = await startSilo({
      cluster: "bench",
      membership: "memory:bench",
      storage: storage.url,
      actors: [Sleeper],
      logger: silentLogger,
    });
    return {
      kind: "delays",
      set: (id, dueAt) => silo.actor(Sleeper, id).sleepUntil(dueAt),
      takeLate: () => Promise.resolve(TICKS.splice(0)),
      async close() {
        await silo.stop();
        await storage[Symbol.asyncDispose]();
      },
    };
  };
}

function durableEntries(storage: StorageKind, durable: string): Contestant["entries"] {
  const turns = { durable, start: durableOn(storage) };
  return {
    "turn-hot": turns,
    "turn-spread": turns,
    "turn-latency": turns,
    delayed: {
      durable: `${durable}; a reminder of each actor, which is activated to set it`,
      start: remindersOn(storage),
    },
  };
}

/** As it is run in production. */
export const troupeOnRedis: Contestant = {
  name: "troupe",
  peer: undefined,
  runs: [
    "redis-server --appendonly yes --appendfsync always, etcd, and one silo in a process of its own",
    "call-local and delayed: the silo in the load generator's process",
  ],
  note: "the load generator is a client over one gRPC stream; turns, deadlines and copies of arguments in every row",
  entries: {
    "call-local": { durable: "in memory only", start: startLocal },
    "call-remote": { durable: "in memory only", start: startRemote },
    ...durableEntries("redis", "Redis, append-only file, fsync always; the reply waits for it"),
  },
};

/** As it is without any other server. */
export const troupeEmbedded: Contestant = {
  name: "troupe-embedded",
  peer: undefined,
  runs: ["one silo in a process of its own, storage and membership in a folder"],
  note: "as troupe; silos that share the folder are on one machine",
  entries: durableEntries("file", "LMDB in a folder, flushed to disk before the reply"),
};
