import { TroupeError, withTimeout, type Clock, type Logger } from "@troupe/core";
import { Redis } from "ioredis";
import { CLAIM_SCRIPT, COMMIT_SCRIPT } from "./actor-scripts.ts";
import type { RedisAddress } from "./redis-address.ts";
import { describeFailure, isConfigurationError, storeFailure } from "./store-failure.ts";

/** How long opening may take. */
const OPEN_TIMEOUT_MS = 3_000;

/** A command may wait behind one pipeline that times out, so the longest wait is twice this. */
const COMMAND_TIMEOUT_MS = 1_500;

/** A connection that says nothing for so long, while commands wait, is dropped: the network may have forgotten it. */
const SILENCE_TIMEOUT_MS = 2_000;

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 500;

/** The client with the scripts of this package as commands; the variants with `Buffer` answer bytes instead of text. */
export interface ScriptedRedis extends Redis {
  troupeClaimBuffer(key: string, revision: string, siloId: string): Promise<unknown>;
  troupeCommit(key: string, args: readonly (string | Buffer)[]): Promise<unknown>;
}

export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One connection to a Redis. Commands of one tick go out together.
 *
 * R1. A command is never repeated unseen: it is sent once or not at all, and fails when the connection does.
 * R2. Every command settles within about three seconds; every failure is a `STORE_UNAVAILABLE` that says what helps.
 * R3. After a failure it connects again by itself, for as long as it is open.
 */
export class RedisConnection implements AsyncDisposable {
  readonly label: string;
  readonly #redis: ScriptedRedis;
  readonly #logger: Logger;
  /** Why the connection broke last; it says more than the error of a command that found it broken. */
  #lastError: Error | undefined;

  private constructor(address: RedisAddress, logger: Logger) {
    this.label = address.label;
    this.#logger = logger;
    this.#redis = createClient(address);
    this.#redis.on("error", (error: Error) => this.#noteError(error));
    this.#redis.on("ready", () => this.#noteReady());
  }

  /** Connects and sees that Redis answers, or rejects with `STORE_UNAVAILABLE` or `BAD_CONFIG` within three seconds. */
  static async open(address: RedisAddress, { clock, logger }: ConnectionContext): Promise<RedisConnection> {
    const connection = new RedisConnection(address, logger);
    try {
      await withTimeout(clock, OPEN_TIMEOUT_MS, connection.#start(), throwTimeout);
      return connection;
    } catch (error) {
      await connection.close();
      throw connection.#openFailure(connection.#lastError ?? error);
    }
  }

  /** Runs commands on the client; whatever they throw becomes a `STORE_UNAVAILABLE`. */
  async run<T>(commands: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    try {
      return await commands(this.#redis);
    } catch (error) {
      throw storeFailure(this.label, this.#redis.status === "ready" ? error : (this.#lastError ?? error));
    }
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    await this.#redis.connect();
    await this.#redis.ping();
  }

  #openFailure(error: unknown): TroupeError {
    if (!isConfigurationError(error)) return storeFailure(this.label, error);
    return new TroupeError("BAD_CONFIG", `storage: Redis at ${this.label} ${describeFailure(error)}`, { cause: error });
  }

  #noteError(error: Error): void {
    // Each attempt to reconnect fails alike, and one line of each kind is enough.
    if (this.#lastError?.message !== error.message) {
      this.#logger.warn({ redis: this.label, reason: error.message }, "the connection to Redis is broken");
    }
    this.#lastError = error;
  }

  #noteReady(): void {
    if (this.#lastError !== undefined) this.#logger.info({ redis: this.label }, "the connection to Redis is back");
    this.#lastError = undefined;
  }
}

function throwTimeout(): never {
  throw new Error(`no answer within ${OPEN_TIMEOUT_MS} ms`);
}

function createClient(address: RedisAddress): ScriptedRedis {
  const { username, password } = address;
  return new Redis({
    host: address.host,
    port: address.port,
    db: address.database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(address.tls ? { tls: {} } : {}),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: OPEN_TIMEOUT_MS - 500,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    // R1: by default a command whose reply was lost would run again.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxLoadingRetryTime: 200,
    // A primary that became a replica stays one; a new connection may find the new primary under the same name.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    retryStrategy: (attempt) => Math.min(RECONNECT_MIN_MS * 2 ** Math.min(attempt - 1, 10), RECONNECT_MAX_MS),
    scripts: {
      troupeClaim: { lua: CLAIM_SCRIPT, numberOfKeys: 1 },
      troupeCommit: { lua: COMMIT_SCRIPT, numberOfKeys: 1 },
    },
  }) as ScriptedRedis;
}
