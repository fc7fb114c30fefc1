import { TroupeError } from "@troupe/core";
import type { PostgresConnection } from "./postgres-connection.ts";
import { quoted } from "./schema-name.ts";
import { functionsOf, type StoreFunctions } from "./store-functions.ts";
import { TABLES_FORMAT, tablesOf } from "./store-tables.ts";

/** Tells our lock from those that others take in the same database. */
const LOCK_FAMILY = 0x7465;

/** What there is of a cluster in the database. */
interface Found {
  readonly hasSchema: boolean;
  readonly hasTables: boolean;
  readonly functions: ReadonlySet<string>;
}

/**
 * Makes what is missing of the cluster's schema, tables and functions. One silo does it while
 * others that start wait. Rejects with `BAD_CONFIG` if the tables have a format that this version
 * does not know.
 */
export async function makeTables(connection: PostgresConnection, schema: string): Promise<void> {
  const functions = functionsOf(schema);
  if (!isComplete(await look(connection, schema), functions)) await make(connection, schema);
  await checkFormat(connection, schema);
}

function isComplete({ hasTables, functions: found }: Found, functions: StoreFunctions): boolean {
  return hasTables && found.has(functions.claim.name) && found.has(functions.commit.name);
}

/** On an error the connection is closed, which ends the transaction. */
async function make(connection: PostgresConnection, schema: string): Promise<void> {
  await connection.runScript("BEGIN");
  await connection.run({
    name: "lock",
    text: `SELECT pg_advisory_xact_lock(${LOCK_FAMILY}, hashtext($1))`,
    values: [schema],
  });
  // Another silo may have made everything in the meantime.
  const { hasSchema, hasTables, functions: found } = await look(connection, schema);
  if (!hasSchema) await connection.runScript(`CREATE SCHEMA ${quoted(schema)}`);
  if (!hasTables) await connection.runScript(tablesOf(schema));
  for (const { name, definition } of Object.values(functionsOf(schema)))
    if (!found.has(name)) await connection.runScript(definition);
  await connection.runScript("COMMIT");
}

async function look(connection: PostgresConnection, schema: string): Promise<Found> {
  const rows = await connection.run({
    name: "look",
    text: `
SELECT c.relname, p.proname
FROM pg_namespace n
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'facts'
LEFT JOIN pg_proc p ON p.pronamespace = n.oid
WHERE n.nspname = $1`,
    values: [schema],
  });
  return {
    hasSchema: rows.length > 0,
    hasTables: rows.some(([table]) => typeof table === "string"),
    functions: new Set(rows.map(([, name]) => name ?? "")),
  };
}

async function checkFormat(connection: PostgresConnection, schema: string): Promise<void> {
  const rows = await connection.run({
    name: "format",
    text: `SELECT value FROM ${quoted(schema)}.facts WHERE name = 'format'`,
    values: [],
  });
  const format = rows[0]?.[0] ?? "none";
  if (format === String(TABLES_FORMAT)) return;
  throw new TroupeError(
    "BAD_CONFIG",
    `storage: PostgreSQL at ${connection.label} has tables of another version of Troupe in the schema ${schema} (format ${format}, and this version reads ${TABLES_FORMAT}); update this silo, or give another database`,
  );
}
