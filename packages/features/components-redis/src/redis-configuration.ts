import {
  type Clock,
  type ConfigurationItem,
  type ConfigurationListener,
  type ConfigurationStore,
  type ConfigurationWatch,
  messageOf,
  type Scheduled,
  TroupeError,
} from "@troupe/core";
import type { Redis } from "ioredis";
import { beginsWith } from "./glob-pattern.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** Between the value and the version of a setting, as Dapr has it. */
const SEPARATOR = "||";

const SCAN_END = "0";
const SCAN_COUNT = 1_000;

/** Milliseconds between two looks at whether a watch is still connected. */
const PING_EVERY_MS = 2_000;

/** What Redis has to be told to say: changes of keys (`K`), of every kind (`A`). */
const NEEDED_EVENTS = ["K", "A"];

/** Settings in Redis: a key each, with `value||version` as its text, as Dapr has it. */
export class RedisConfiguration implements ConfigurationStore {
  readonly capabilities = { watch: true };
  readonly #redis: RedisConnection;
  readonly #database: number;
  readonly #clock: Clock;

  constructor(redis: RedisConnection, database: number, clock: Clock) {
    this.#redis = redis;
    this.#database = database;
    this.#clock = clock;
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>> {
    const wanted = keys.length > 0 ? keys : await this.#allKeys();
    if (wanted.length === 0) return new Map();
    const texts = await this.#redis.run((redis) => redis.mget(...wanted));
    return new Map(
      wanted.flatMap((key, index) => {
        const text = texts[index];
        return text == null ? [] : [[key, itemIn(text)]];
      }),
    );
  }

  async watch(
    keys: readonly string[],
    listener: ConfigurationListener,
  ): Promise<ConfigurationWatch> {
    await this.#redis.run((redis) => sayChanges(redis));
    const patterns = (keys.length > 0 ? keys : [undefined]).map((key) => this.#channelOf(key));
    return await KeyspaceWatch.open(this.#redis.another(), patterns, listener, this.#clock);
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  async #allKeys(): Promise<readonly string[]> {
    const keys = new Set<string>();
    let cursor = SCAN_END;
    do {
      const from = cursor;
      // oxlint-disable-next-line no-await-in-loop -- each page says where the next one begins.
      const [next, page] = await this.#redis.run((redis) =>
        redis.scan(from, "COUNT", SCAN_COUNT, "TYPE", "string"),
      );
      for (const key of page) keys.add(key);
      cursor = next;
    } while (cursor !== SCAN_END);
    return [...keys];
  }

  #channelOf(key: string | undefined): string {
    const channel = `__keyspace@${this.#database}__:`;
    return key === undefined ? `${channel}*` : beginsWith(channel + key).slice(0, -1);
  }
}

function itemIn(text: string): ConfigurationItem {
  const at = text.indexOf(SEPARATOR);
  if (at < 0) return { value: text, version: "" };
  return { value: text.slice(0, at), version: text.slice(at + SEPARATOR.length) };
}

/** Makes Redis say which keys change, if it does not yet. It goes on until Redis restarts. */
async function sayChanges(redis: Redis): Promise<void> {
  try {
    const [, events = ""] = await redis.config("GET", "notify-keyspace-events");
    const missing = NEEDED_EVENTS.filter((event) => !events.includes(event));
    if (missing.length === 0) return;
    await redis.config("SET", "notify-keyspace-events", events + missing.join(""));
  } catch (error) {
    throw new TroupeError(
      "COMPONENT_UNAVAILABLE",
      `Redis cannot be told to say which keys change (${messageOf(error)}); let its user run CONFIG`,
      { cause: error },
    );
  }
}

/** A connection that hears of changes. It is broken when the connection is, or says nothing. */
class KeyspaceWatch implements ConfigurationWatch {
  readonly #client: Redis;
  readonly #listener: ConfigurationListener;
  readonly #clock: Clock;
  #ping: Scheduled | undefined;
  #isOver = false;

  private constructor(client: Redis, listener: ConfigurationListener, clock: Clock) {
    this.#client = client;
    this.#listener = listener;
    this.#clock = clock;
  }

  static async open(
    client: Redis,
    patterns: readonly string[],
    listener: ConfigurationListener,
    clock: Clock,
  ): Promise<KeyspaceWatch> {
    const watch = new KeyspaceWatch(client, listener, clock);
    let lastError: unknown = new Error("the connection is closed");
    client.on("error", (error: Error) => {
      lastError = error;
    });
    try {
      await client.connect();
      client.on("pmessage", () => watch.#changed());
      await client.psubscribe(...patterns);
    } catch (error) {
      client.disconnect();
      throw new TroupeError("COMPONENT_UNAVAILABLE", `Redis: ${messageOf(error)}`, {
        cause: error,
      });
    }
    client.on("close", () => watch.#break(lastError));
    if (client.status !== "ready") watch.#break(lastError);
    else watch.#schedulePing();
    return watch;
  }

  async close(): Promise<void> {
    this.#end();
  }

  #changed(): void {
    if (!this.#isOver) this.#listener.onChange();
  }

  #break(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.onBroken(error instanceof Error ? error : new Error(messageOf(error)));
  }

  #end(): void {
    this.#isOver = true;
    this.#ping?.cancel();
    this.#client.disconnect();
  }

  /** Without this a connection that the network has forgotten would be silent for ever. */
  #schedulePing(): void {
    this.#ping = this.#clock.schedule(PING_EVERY_MS, () => {
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    try {
      await this.#client.ping();
      if (!this.#isOver) this.#schedulePing();
    } catch (error) {
      this.#break(error);
    }
  }
}
