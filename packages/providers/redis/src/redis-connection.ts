import { TroupeError, withTimeout, type Clock, type Logger } from "@troupe/core";
import { Cluster, type Redis } from "ioredis";
import type { RedisAddress } from "./redis-address.ts";
import {
  createRedisClient,
  OPEN_TIMEOUT_MS,
  type RedisClient,
  type ScriptedRedis,
} from "./redis-client.ts";
import { describeFailure, hasMoved, isConfigurationError, storeFailure } from "./store-failure.ts";

export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One connection to a Redis, or one to each node of a Redis Cluster. Commands of one tick go out
 * together.
 *
 * CON-1. A command is never repeated unseen: it is sent once or not at all, and fails when the
 *     connection does.
 * CON-2. Every command settles within about three seconds; every failure is a `STORE_UNAVAILABLE`
 *     that says what helps.
 * CON-3. After a failure it connects again by itself, for as long as it is open.
 */
export class RedisConnection implements AsyncDisposable {
  readonly label: string;
  /** For whoever turns what its commands throw into `failureOf` itself. */
  readonly client: RedisClient;
  readonly #logger: Logger;
  /**
   * Why the connection broke last; it says more than the error of a command that found it broken.
   */
  #lastError: Error | undefined;

  private constructor(address: RedisAddress, logger: Logger) {
    this.label = address.label;
    this.#logger = logger;
    this.client = createRedisClient(address);
    this.client.on("error", (error: Error) => this.#noteError(error));
    this.client.on("ready", () => this.#noteReady());
  }

  /**
   * Connects and sees that Redis answers, or rejects with `STORE_UNAVAILABLE` or `BAD_CONFIG`
   * within three seconds.
   */
  static async open(
    address: RedisAddress,
    { clock, logger }: ConnectionContext,
  ): Promise<RedisConnection> {
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
      return await commands(this.client);
    } catch (error) {
      throw this.failureOf(error);
    }
  }

  /** The `STORE_UNAVAILABLE` of a command that threw. */
  failureOf(error: unknown): TroupeError {
    this.#followMove(error);
    return storeFailure(
      this.label,
      this.client.status === "ready" ? error : (this.#lastError ?? error),
    );
  }

  /** Runs commands on each server that has data: there are several in a Redis Cluster. */
  async runOnEach<T>(commands: (redis: Redis) => Promise<T>): Promise<T[]> {
    const servers =
      this.client instanceof Cluster ? this.client.nodes("master") : [this.client as Redis];
    return Promise.all(servers.map((server) => this.run(() => commands(server))));
  }

  async close(): Promise<void> {
    this.client.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    await this.client.connect();
    await this.client.ping();
  }

  /**
   * The client follows a slot that has moved by itself, unless the command went out together with
   * others that were served.
   */
  #followMove(error: unknown): void {
    if (this.client instanceof Cluster && hasMoved(error)) this.client.refreshSlotsCache();
  }

  #openFailure(error: unknown): TroupeError {
    if (!isConfigurationError(error)) return storeFailure(this.label, error);
    return new TroupeError(
      "BAD_CONFIG",
      `storage: Redis at ${this.label} ${describeFailure(error)}`,
      { cause: error },
    );
  }

  #noteError(error: Error): void {
    // Each attempt to reconnect fails alike, and one line of each kind is enough.
    if (this.#lastError?.message !== error.message) {
      this.#logger.warn(
        { redis: this.label, reason: error.message },
        "the connection to Redis is broken",
      );
    }
    this.#lastError = error;
  }

  #noteReady(): void {
    if (this.#lastError !== undefined)
      this.#logger.info({ redis: this.label }, "the connection to Redis is back");
    this.#lastError = undefined;
  }
}

function throwTimeout(): never {
  throw new Error(`no answer within ${OPEN_TIMEOUT_MS} ms`);
}
