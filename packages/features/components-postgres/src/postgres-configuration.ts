import {
  type Clock,
  type ConfigurationItem,
  type ConfigurationListener,
  type ConfigurationStore,
  type ConfigurationWatch,
  messageOf,
  type Scheduled,
} from "@troupe/core";
import type { Client } from "pg";
import { type PostgresPool, unavailable } from "./postgres-pool.ts";

/** Milliseconds between two looks at whether a watch is still connected. */
const PING_EVERY_MS = 2_000;

/** What settings are opened with. */
export interface PostgresConfigurationOptions {
  /** As it stands in statements. */
  readonly table: string;
  /** On which a trigger of the table says what has changed; undefined if there is none. */
  readonly channel: string | undefined;
  readonly clock: Clock;
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly version: string | null;
}

/** Settings in a table of PostgreSQL, as Dapr has it. */
export class PostgresConfiguration implements ConfigurationStore {
  readonly capabilities;
  readonly #pool: PostgresPool;
  readonly #options: PostgresConfigurationOptions;
  readonly #watches = new Set<ConfigurationWatch>();

  constructor(pool: PostgresPool, options: PostgresConfigurationOptions) {
    this.#pool = pool;
    this.#options = options;
    this.capabilities = { watch: options.channel !== undefined };
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>> {
    const text = `SELECT key, value, version FROM ${this.#options.table} WHERE $1 OR key = ANY($2)`;
    const { rows } = await this.#pool.query(text, [keys.length === 0, keys]);
    // The columns are those of the statement.
    const items = (rows as Row[]).map(({ key, value, version }) => {
      return [key, { value, version: version ?? "" }] as const;
    });
    return new Map(items);
  }

  async watch(_: readonly string[], listener: ConfigurationListener): Promise<ConfigurationWatch> {
    const { channel = "", clock } = this.#options;
    const opened = await ChannelWatch.open(this.#pool.another(), channel, listener, clock);
    this.#watches.add(opened);
    const close = async (): Promise<void> => {
      this.#watches.delete(opened);
      await opened.close();
    };
    return { close };
  }

  /** Ends what still watches as well. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#watches, (watch) => watch.close()));
    await this.#pool.close();
  }
}

/** A connection that hears of changes. It is broken when the connection is, or says nothing. */
class ChannelWatch implements ConfigurationWatch {
  readonly #client: Client;
  readonly #listener: ConfigurationListener;
  readonly #clock: Clock;
  #ping: Scheduled | undefined;
  #isOver = false;

  private constructor(client: Client, listener: ConfigurationListener, clock: Clock) {
    this.#client = client;
    this.#listener = listener;
    this.#clock = clock;
  }

  static async open(
    client: Client,
    channel: string,
    listener: ConfigurationListener,
    clock: Clock,
  ): Promise<ChannelWatch> {
    const watch = new ChannelWatch(client, listener, clock);
    client.on("error", (error) => watch.#break(error));
    client.on("end", () => watch.#break(new Error("the connection has ended")));
    client.on("notification", () => {
      if (!watch.#isOver) listener.onChange();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch (error) {
      watch.#end();
      throw unavailable(error);
    }
    watch.#schedulePing();
    return watch;
  }

  async close(): Promise<void> {
    this.#end();
  }

  #break(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.onBroken(error instanceof Error ? error : new Error(messageOf(error)));
  }

  #end(): void {
    this.#isOver = true;
    this.#ping?.cancel();
    // A server that does not answer would hold it up.
    this.#client.end().catch(() => undefined);
  }

  /** Without this a connection that the network has forgotten would be silent for ever. */
  #schedulePing(): void {
    if (this.#isOver) return;
    this.#ping = this.#clock.schedule(PING_EVERY_MS, () => {
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    try {
      await this.#client.query("SELECT 1");
      this.#schedulePing();
    } catch (error) {
      this.#break(error);
    }
  }
}
