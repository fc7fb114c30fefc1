import { type ComponentContext, componentType, type ComponentType } from "@troupe/core";
import type { RedisConnection } from "./redis-connection.ts";
import { REDIS_IGNORED, REDIS_METADATA, type RedisAddress, redisAddress } from "./redis-address.ts";

const NO_CLUSTER =
  "One server, or a primary that others follow. A Redis Cluster, Sentinels and client certificates are not supported.";

const stateType = componentType({
  type: "state.redis",
  block: "state",
  summary: "Items in Redis, stored as Dapr stores them.",
  notes: `An item is a hash with \`data\` and \`version\` under \`appId||key\`, so Dapr and Troupe can work on the same data. ${NO_CLUSTER} An item that is written again after it was removed, or after its lifetime, begins with the same etags again. What survives a loss of the server is up to its settings (\`appendonly\`, \`appendfsync\`). A \`set\` without a lifetime ends an earlier one; Dapr keeps it.`,
  metadata: {
    ...REDIS_METADATA,
    ttlInSeconds: { kind: "integer", doc: "The lifetime of items that are written without one." },
  },
  ignored: {
    ...REDIS_IGNORED,
    queryIndexes: "there are no queries",
  },
  open: async (settings, context) => {
    const { ttlInSeconds } = settings;
    const { RedisState } = await import("./redis-state.ts");
    const isEndless = ttlInSeconds === undefined || ttlInSeconds <= 0;
    const ttlMs = isEndless ? undefined : ttlInSeconds * 1_000;
    return new RedisState(await connect(redisAddress(settings), context), ttlMs);
  },
});

const configurationType = componentType({
  type: "configuration.redis",
  block: "configuration",
  summary: "Settings in Redis, stored as Dapr stores them.",
  notes: `A setting is a key with \`value||version\` as its text; without \`||\` there is no version. ${NO_CLUSTER} Changes are heard by the notifications of keys. If Redis does not give them, it is told to (\`notify-keyspace-events\`), for which its user needs \`CONFIG\`. A watch that is cut is noticed within about four seconds.`,
  metadata: REDIS_METADATA,
  ignored: REDIS_IGNORED,
  open: async (settings, context) => {
    const address = redisAddress(settings);
    const { RedisConfiguration } = await import("./redis-configuration.ts");
    const connection = await connect(address, context);
    return new RedisConfiguration(connection, address.database, context.clock);
  },
});

const lockType = componentType({
  type: "lock.redis",
  block: "lock",
  summary: "Locks in Redis, where those of Dapr are.",
  notes: `A lock is a key \`lock||appId||resource\` with its owner as its text, so Dapr and Troupe exclude each other. Beside it a key \`fence||lock||appId||resource\` counts the holders; it stays, because fences must only grow. Dapr does not count, so only fences of Troupe's holders grow. ${NO_CLUSTER} A server that forgets what it acknowledged (see \`appendfsync\`), or a replica that takes its place, may give a lock twice, and a fence as well: use \`lock.builtin\` where that matters.`,
  metadata: REDIS_METADATA,
  ignored: REDIS_IGNORED,
  open: async (settings, context) => {
    const address = redisAddress(settings);
    const { RedisLocks } = await import("./redis-locks.ts");
    return new RedisLocks(await connect(address, context), context.appId);
  },
});

const OWN_PACE = "a group is read by one consumer at a time, which goes on when another is gone";

const pubsubType = componentType({
  type: "pubsub.redis",
  block: "pubsub",
  summary: "Topics in Redis: streams, where those of Dapr are.",
  notes: `A topic is a stream of its name with the field \`data\`, as Dapr writes it; the key and the headers are in fields of their own. ${NO_CLUSTER} A group has one consumer at a time, by a lease of 5 s: when its process dies, another goes on within 6 s, first with what the dead one held. So the order of keys is kept, unless a consumer of Dapr shares the group. What survives a loss of the server is up to its settings (\`appendonly\`, \`appendfsync\`). Without \`maxLenApprox\` a stream grows for ever.`,
  metadata: {
    ...REDIS_METADATA,
    maxLenApprox: {
      kind: "integer",
      doc: "About how many messages a stream keeps. The oldest go first, whether they were read or not.",
    },
  },
  ignored: {
    ...REDIS_IGNORED,
    consumerID: "each subscription names its group",
    processingTimeout: OWN_PACE,
    redeliverInterval: OWN_PACE,
    queueDepth: "each subscription says how many events it handles at the same time",
    concurrency: "each subscription says how many events it handles at the same time",
  },
  open: async (settings, context) => {
    const { maxLenApprox } = settings;
    const { RedisPubSub } = await import("./redis-pub-sub.ts");
    const keptMax = maxLenApprox === undefined || maxLenApprox <= 0 ? undefined : maxLenApprox;
    return new RedisPubSub(await connect(redisAddress(settings), context), context, keptMax);
  },
});

async function connect(
  address: RedisAddress,
  { clock, logger }: ComponentContext,
): Promise<RedisConnection> {
  const { RedisConnection: Connection } = await import("./redis-connection.ts");
  return await Connection.open(address, { clock, logger });
}

/** The types of components on Redis: `openComponents({ types: redisTypes, … })`. */
export const redisTypes: readonly ComponentType[] = [
  configurationType,
  lockType,
  pubsubType,
  stateType,
];
