import {
  type Clock,
  type Logger,
  type ReminderStore,
  type StateStore,
  TroupeError,
} from "@troupe/core";
import { durabilityGaps } from "./durability-gaps.ts";
import { makeTables } from "./make-tables.ts";
import { parsePostgresUrl, type PostgresAddress } from "./postgres-address.ts";
import { PostgresConnection } from "./postgres-connection.ts";
import { PostgresReminderStore } from "./postgres-reminder-store.ts";
import { PostgresStateStore } from "./postgres-state-store.ts";
import { schemaOf } from "./schema-name.ts";

export interface PostgresStoresOptions {
  /**
   * `postgres://[user[:password]@]host[:port]/database`, with `?sslmode=require` or
   * `?sslmode=verify-full` for TLS. The database has to exist.
   */
  readonly url: string;
  /** Clusters of different names share nothing: each has a schema of its own. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface PostgresStores {
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  /** Closes both. Closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * Opens the stores of a cluster in a PostgreSQL, each with a connection of its own, so that looking
 * for due reminders never holds up a turn. Makes the schema and the tables of the cluster if they
 * are missing. Rejects within seconds: with `STORE_UNAVAILABLE` if the PostgreSQL does not answer,
 * with `BAD_CONFIG` if the URL is wrong, the package `pg` is not installed, or the PostgreSQL
 * refuses us. Warns once if the PostgreSQL would lose acknowledged writes in a crash.
 *
 * A silo has two connections. A pooler in between has to give each of them a session of its own
 * (PgBouncer: `pool_mode = session`).
 *
 * What is acknowledged is as safe as `synchronous_commit` makes it: on the disk of the primary by
 * default. A failover to a replica that was not waited for can lose the last acknowledged writes.
 */
export async function openPostgresStores({
  url,
  ...options
}: PostgresStoresOptions): Promise<PostgresStores> {
  const parsed = parsePostgresUrl(url);
  if (parsed.kind === "location") return openStoresAt(parsed.location, options);
  throw new TroupeError("BAD_CONFIG", `the URL of a PostgreSQL is wrong: ${parsed.right}`);
}

/** The same at an address that was read from a URL before. */
export async function openStoresAt(
  address: PostgresAddress,
  { cluster, clock, logger }: Omit<PostgresStoresOptions, "url">,
): Promise<PostgresStores> {
  const state = await PostgresConnection.open(address, { clock, logger });
  try {
    const schema = schemaOf(cluster);
    await makeTables(state, schema);
    await warnOfGaps(state, logger);
    const reminders = await PostgresConnection.open(address, { clock, logger });
    return {
      stateStore: new PostgresStateStore(state, schema),
      reminderStore: new PostgresReminderStore(reminders, schema),
      async close() {
        await Promise.all([state.close(), reminders.close()]);
      },
    };
  } catch (error) {
    await state.close();
    throw state.openFailure(error);
  }
}

async function warnOfGaps(connection: PostgresConnection, logger: Logger): Promise<void> {
  const gaps = await durabilityGaps(connection);
  if (gaps.length === 0) return;
  logger.warn(
    { postgres: connection.label },
    `this PostgreSQL may lose what it acknowledged: ${gaps.join("; ")}`,
  );
}
