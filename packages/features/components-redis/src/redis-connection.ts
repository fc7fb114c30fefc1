import { type Clock, messageOf, type Logger, TroupeError, withTimeout } from "@troupe/core";
import { Redis } from "ioredis";
import type { RedisAddress } from "./redis-address.ts";
import { ACQUIRE_SCRIPT, RENEW_SCRIPT } from "./lock-scripts.ts";
import { CHANGE_SCRIPT } from "./state-script.ts";

/** Milliseconds until a server has to have answered at the start. */
const OPEN_TIMEOUT_MS = 3_000;

/** Milliseconds for a command, and for silence on a connection on which commands wait. */
const COMMAND_TIMEOUT_MS = 2_000;

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 500;

/** The commands of a Redis, with the scripts of this package. */
export interface ScriptedRedis extends Redis {
  troupeChange(
    keyCount: number,
    ...keysAndArguments: readonly (string | number)[]
  ): Promise<readonly number[]>;
  troupeAcquire(lock: string, holders: string, owner: string, ttlMs: number): Promise<number>;
  troupeRenew(
    lock: string,
    holders: string,
    ...ownerFenceAndTtl: readonly [string, number, number]
  ): Promise<number>;
}

/** Errors that no waiting ends, only another configuration. */
const CONFIGURATION = /^(?:NOAUTH|WRONGPASS|NOPERM|MOVED|ERR DB index|ERR invalid DB)/;

/**
 * One connection to a Redis. Commands of one tick go out together.
 *
 * RCON-1. A command is sent once or not at all, and fails when the connection does.
 * RCON-2. Each command settles within about two seconds. What fails is `COMPONENT_UNAVAILABLE`.
 * RCON-3. After a failure it connects again by itself, for as long as it is open.
 */
export class RedisConnection {
  readonly #client: ScriptedRedis;
  readonly #address: RedisAddress;

  private constructor(address: RedisAddress, logger: Logger) {
    this.#address = address;
    this.#client = createClient(address, reconnectDelay);
    this.#client.on("error", (error: Error) =>
      logger.debug({ error: messageOf(error) }, "the connection to Redis is broken"),
    );
  }

  /** Connects and sees that Redis answers. Rejects within three seconds. */
  static async open(
    address: RedisAddress,
    { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  ): Promise<RedisConnection> {
    const connection = new RedisConnection(address, logger);
    try {
      await withTimeout(clock, OPEN_TIMEOUT_MS, connection.#start(), throwTimeout);
      return connection;
    } catch (error) {
      await connection.close();
      const code = CONFIGURATION.test(messageOf(error)) ? "BAD_CONFIG" : "COMPONENT_UNAVAILABLE";
      throw failure(code, error);
    }
  }

  /** Runs commands. Whatever they throw becomes `COMPONENT_UNAVAILABLE`. */
  async run<T>(commands: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    try {
      return await commands(this.#client);
    } catch (error) {
      throw failure("COMPONENT_UNAVAILABLE", error);
    }
  }

  /** One more connection, which is not opened again when it breaks. Whoever asks closes it. */
  another(): Redis {
    return createClient(this.#address, () => null);
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }

  async #start(): Promise<void> {
    const refused = Promise.withResolvers<never>();
    // The client goes on trying, and says only here why it could not.
    const refuse = (error: Error): void => refused.reject(error);
    this.#client.once("error", refuse);
    try {
      await Promise.race([this.#client.connect(), refused.promise]);
      await this.#client.ping();
    } finally {
      this.#client.off("error", refuse);
    }
  }
}

function createClient(
  { host, port, username, password, hasTls, database }: RedisAddress,
  retryStrategy: (attempt: number) => number | null,
): ScriptedRedis {
  const client = new Redis({
    host,
    port,
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(hasTls ? { tls: {} } : {}),
    protocol: 2,
    lazyConnect: true,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: COMMAND_TIMEOUT_MS,
    // By default a command whose reply was lost would run again.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    retryStrategy,
    scripts: {
      troupeChange: { lua: CHANGE_SCRIPT },
      troupeAcquire: { lua: ACQUIRE_SCRIPT, numberOfKeys: 2 },
      troupeRenew: { lua: RENEW_SCRIPT, numberOfKeys: 2 },
    },
  });
  // The scripts above are what makes it one.
  return client as ScriptedRedis;
}

function reconnectDelay(attempt: number): number {
  return Math.min(RECONNECT_MIN_MS * 2 ** Math.min(attempt - 1, 10), RECONNECT_MAX_MS);
}

function throwTimeout(): never {
  throw new Error(`no answer within ${OPEN_TIMEOUT_MS} ms`);
}

function failure(code: "BAD_CONFIG" | "COMPONENT_UNAVAILABLE", error: unknown): TroupeError {
  if (error instanceof TroupeError) return error;
  return new TroupeError(code, `Redis: ${messageOf(error)}`, { cause: error });
}
