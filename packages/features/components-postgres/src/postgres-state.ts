import {
  type Clock,
  type Logger,
  messageOf,
  type Scheduled,
  type StateCapabilities,
  type StateChange,
  type StateComponent,
  type StateItem,
  type StateKeyPage,
  type StateKeyQuery,
  type StateWritten,
  type TransactionResult,
} from "@troupe/core";
import type { QueryResult } from "pg";
import { makeStateTable, type StateTables } from "./state-table.ts";
import type { PostgresPool } from "./postgres-pool.ts";

/** What an item that is not over satisfies. */
const ALIVE = "(t.expires_at IS NULL OR t.expires_at > clock_timestamp())";

/** What items are opened with. */
export interface PostgresStateOptions {
  readonly tables: StateTables;
  /** Milliseconds between two removals of what is over. 0: none. */
  readonly cleanupMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Row {
  readonly key: string;
  readonly value: Buffer;
  readonly etag: string;
}

/** Runs a statement: the pool, or a transaction. */
interface Runner {
  query(text: string, values: unknown[]): Promise<QueryResult>;
}

/** Thrown in a transaction, so that nothing of it is stored. */
class Refused extends Error {
  readonly key: string;

  constructor(key: string) {
    super("refused");
    this.key = key;
  }
}

/** Items in PostgreSQL, stored as the version 2 of Dapr's store has them. */
export class PostgresState implements StateComponent {
  readonly capabilities: StateCapabilities = {
    conditions: true,
    ttl: true,
    transactions: true,
    keys: true,
    strongReads: true,
  };
  readonly #pool: PostgresPool;
  readonly #options: PostgresStateOptions;
  #cleanup: Scheduled | undefined;
  #cleaning: Promise<void> | undefined;
  #isClosed = false;

  private constructor(pool: PostgresPool, options: PostgresStateOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** Makes the table if it is not there. The pool is closed with the component. */
  static async open(pool: PostgresPool, options: PostgresStateOptions): Promise<PostgresState> {
    try {
      await makeStateTable(pool, options.tables);
    } catch (error) {
      await pool.close();
      throw error;
    }
    const state = new PostgresState(pool, options);
    state.#scheduleCleanup();
    return state;
  }

  async read(keys: readonly string[]): Promise<readonly (StateItem | undefined)[]> {
    const text = `SELECT key, value, etag::text AS etag FROM ${this.#table} t WHERE key = ANY($1) AND ${ALIVE}`;
    // The columns are those of the statement.
    const rows = (await this.#pool.query(text, [keys])).rows as Row[];
    const found = new Map(rows.map((row) => [row.key, row]));
    return keys.map((key) => {
      const row = found.get(key);
      return row && { data: row.value.toString("utf8"), etag: row.etag };
    });
  }

  write(changes: readonly StateChange[]): Promise<readonly StateWritten[]> {
    return Promise.all(changes.map((change) => this.#change(this.#pool, change)));
  }

  async transact(changes: readonly StateChange[]): Promise<TransactionResult> {
    // In the order of the keys, so that no two transactions wait for each other.
    const ordered = changes.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    let refused: string | undefined;
    try {
      await this.#pool.transaction(async (client) => {
        for (const change of ordered) {
          // oxlint-disable-next-line no-await-in-loop -- one statement after the other.
          const { kind } = await this.#change(client, change);
          if (kind === "stored") continue;
          refused = change.key;
          throw new Refused(change.key);
        }
      });
      return { kind: "stored" };
    } catch (error) {
      if (refused === undefined) throw error;
      return { kind: "conflict", key: refused };
    }
  }

  async listKeys({ prefix, after = "", limit }: StateKeyQuery): Promise<StateKeyPage> {
    const text = `SELECT key FROM ${this.#table} t WHERE starts_with(key, $1) AND key COLLATE "C" > $2 AND ${ALIVE} ORDER BY key COLLATE "C" LIMIT $3`;
    const { rows } = await this.#pool.query(text, [prefix, after, limit]);
    // The column is that of the statement.
    const keys = (rows as Pick<Row, "key">[]).map(({ key }) => key);
    return { keys, next: keys.length < limit ? undefined : keys.at(-1) };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cleanup?.cancel();
    await this.#cleaning;
    await this.#pool.close();
  }

  get #table(): string {
    return this.#options.tables.state;
  }

  async #change(runner: Runner, change: StateChange): Promise<StateWritten> {
    if (change.kind === "delete") return this.#delete(runner, change);
    const { key, data, condition, ttlMs } = change;
    const values: unknown[] = [key, Buffer.from(data), ttlMs ?? null];
    const expires = "clock_timestamp() + $3::double precision * interval '1 millisecond'";
    const set = `value = $2, etag = gen_random_uuid(), updated_at = now(), expires_at = ${expires}`;
    const upsert = `INSERT INTO ${this.#table} AS t (key, value, expires_at) VALUES ($1, $2, ${expires}) ON CONFLICT (key) DO UPDATE SET ${set}`;
    const returning = "RETURNING t.etag::text AS etag";
    const { rows } =
      condition?.kind === "etag"
        ? await runner.query(
            `UPDATE ${this.#table} t SET ${set} WHERE key = $1 AND t.etag::text = $4 AND ${ALIVE} ${returning}`,
            [...values, condition.etag],
          )
        : await runner.query(
            condition === undefined
              ? `${upsert} ${returning}`
              : `${upsert} WHERE NOT ${ALIVE} ${returning}`,
            values,
          );
    // The column is that of the statement.
    const [row] = rows as Pick<Row, "etag">[];
    return row === undefined ? { kind: "conflict" } : { kind: "stored", etag: row.etag };
  }

  async #delete(
    runner: Runner,
    { key, condition }: Extract<StateChange, { readonly kind: "delete" }>,
  ): Promise<StateWritten> {
    const stored: StateWritten = { kind: "stored", etag: undefined };
    const from = `DELETE FROM ${this.#table} t WHERE key = $1`;
    switch (condition?.kind) {
      case undefined:
        await runner.query(from, [key]);
        return stored;
      case "etag": {
        const text = `${from} AND t.etag::text = $2 AND ${ALIVE}`;
        const { rowCount } = await runner.query(text, [key, condition.etag]);
        return rowCount === 1 ? stored : { kind: "conflict" };
      }
      case "absent": {
        const text = `SELECT 1 FROM ${this.#table} t WHERE key = $1 AND ${ALIVE}`;
        const { rowCount } = await runner.query(text, [key]);
        return rowCount === 0 ? stored : { kind: "conflict" };
      }
    }
  }

  #scheduleCleanup(): void {
    const { clock, cleanupMs } = this.#options;
    if (cleanupMs <= 0 || this.#isClosed) return;
    this.#cleanup = clock.schedule(cleanupMs, () => {
      this.#cleaning = this.#clean().finally(() => this.#scheduleCleanup());
    });
  }

  async #clean(): Promise<void> {
    try {
      await this.#pool.query(`DELETE FROM ${this.#table} t WHERE NOT ${ALIVE}`, []);
    } catch (error) {
      this.#options.logger.debug(
        { reason: messageOf(error) },
        "what is over could not be removed; trying again",
      );
    }
  }
}
