import { Cluster, Redis, type RedisCommander } from "ioredis";
import { ACTOR_SCRIPT } from "./actor-script.ts";
import { DUE_AFTER_SCRIPT } from "./due-script.ts";
import type { RedisAddress } from "./redis-address.ts";

/** How long opening may take. */
export const OPEN_TIMEOUT_MS = 3_000;

/** A command may wait behind one pipeline that times out, so the longest wait is twice this. */
const COMMAND_TIMEOUT_MS = 1_500;

/**
 * A connection that says nothing for so long, while commands wait, is dropped: the network may have
 * forgotten it.
 */
const SILENCE_TIMEOUT_MS = 2_000;

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 500;

/**
 * How often a Redis Cluster is asked who has which slots, besides when it says that one has moved.
 */
const SLOTS_EVERY_MS = 10_000;

/**
 * Commands of a Redis, with the scripts of this package. That of actors answers bytes, not text.
 */
export interface ScriptedRedis extends RedisCommander {
  troupeActorsBuffer(
    keyCount: number,
    ...keysAndRequests: readonly (string | Buffer)[]
  ): Promise<Buffer>;
  /**
   * The same for one actor. The client of a Redis Cluster has to know at once which argument is the
   * key.
   */
  troupeActorBuffer(key: string, requests: Buffer): Promise<Buffer>;
  /** The members of a bucket after one (see `due-script.ts`). */
  troupeDueAfter(
    bucket: string,
    score: number,
    member: string,
    highest: number,
    count: number,
  ): Promise<string[]>;
}

/** A client of one Redis, or of the nodes of a Redis Cluster. */
export type RedisClient = ScriptedRedis & (Redis | Cluster);

/** A client that is not yet connected, and that never sends a command twice unseen. */
export function createRedisClient(address: RedisAddress): RedisClient {
  return (address.isCluster ? createCluster(address) : createSingle(address)) as RedisClient;
}

/** What holds for each connection. */
function connectionOptions({ username, password, tls }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    protocol: 2 as const,
    connectTimeout: OPEN_TIMEOUT_MS - 500,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    // By default a command whose reply was lost would run again.
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: 200,
  };
}

const SCRIPTS = {
  troupeActors: { lua: ACTOR_SCRIPT },
  troupeActor: { lua: ACTOR_SCRIPT, numberOfKeys: 1 },
  troupeDueAfter: { lua: DUE_AFTER_SCRIPT, numberOfKeys: 1 },
} as const;

function reconnectDelay(attempt: number): number {
  return Math.min(RECONNECT_MIN_MS * 2 ** Math.min(attempt - 1, 10), RECONNECT_MAX_MS);
}

function createSingle(address: RedisAddress): Redis {
  const [node] = address.nodes;
  return new Redis({
    ...connectionOptions(address),
    ...node,
    db: address.database,
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    // Its requests are batches already, which need not wait for the one before.
    autoPipeliningIgnoredCommands: Object.keys(SCRIPTS),
    // A primary that became a replica stays one; a new connection may find the new primary under
    // the same name.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
    retryStrategy: reconnectDelay,
    scripts: SCRIPTS,
  });
}

function createCluster(address: RedisAddress): Cluster {
  return new Cluster([...address.nodes], {
    redisOptions: connectionOptions(address),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    // By default a command is sent again when its connection closes, though it may have run. What a
    // node refused with MOVED, ASK or TRYAGAIN it has not run, and that is sent on.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    slotsRefreshInterval: SLOTS_EVERY_MS,
    clusterRetryStrategy: reconnectDelay,
    scripts: SCRIPTS,
  });
}
