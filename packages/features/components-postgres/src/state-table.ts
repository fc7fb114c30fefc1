import type { PostgresPool } from "./postgres-pool.ts";

/** The names of Dapr's tables, as they stand in statements. */
export interface StateTables {
  readonly state: string;
  /** Where Dapr notes which tables it has made. */
  readonly metadata: string;
  /** The key of that note. */
  readonly note: string;
}

/**
 * Makes the table as Dapr makes it, and notes that, so that Dapr does not make it again. Several
 * processes may do so at the same time.
 */
export function makeStateTable(
  pool: PostgresPool,
  { state, metadata, note }: StateTables,
): Promise<void> {
  return pool.transaction(async (client) => {
    // Two at once would find that none is there, and one of them would fail.
    await client.query("SELECT pg_advisory_xact_lock(hashtext($1))", [`troupe ${metadata}`]);
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${metadata} (key text NOT NULL PRIMARY KEY, value text NOT NULL)`,
    );
    await client.query(`LOCK TABLE ${metadata} IN SHARE UPDATE EXCLUSIVE MODE`);
    const { rowCount } = await client.query(`SELECT 1 FROM ${metadata} WHERE key = $1`, [note]);
    if (rowCount !== 0) return;
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${state} (
        key text NOT NULL PRIMARY KEY,
        value bytea NOT NULL,
        etag uuid NOT NULL DEFAULT gen_random_uuid(),
        created_at timestamp with time zone NOT NULL DEFAULT now(),
        updated_at timestamp with time zone,
        expires_at timestamp with time zone)`,
    );
    await client.query(`CREATE INDEX ON ${state} (expires_at)`);
    await client.query(`INSERT INTO ${metadata} (key, value) VALUES ($1, '1')`, [note]);
  });
}
