import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { messageOf, TroupeError } from "@troupe/core";
import type { Client } from "pg";
import type { PostgresAddress } from "./postgres-address.ts";

/** How long opening may take. */
export const OPEN_TIMEOUT_MS = 3_000;

/** A connection that says nothing for so long, while statements wait, is dropped. */
export const SILENCE_TIMEOUT_MS = 1_500;

/** No statement waits longer, also if its answer is large and keeps coming. */
export const STATEMENT_TIMEOUT_MS = 3_000;

/** Shorter, so that the message says who waits for whom. */
const LOCK_TIMEOUT_MS = 1_000;

const OLDEST_VERSION = 120_000;

/**
 * What holds in each session.
 *
 * Every statement of the store finds its rows by an index. The planner does not know: it makes a
 * plan while the tables are small, and the plan stays when they have grown. So it may not read
 * whole tables. The functions rely on `read committed` (CLM-3). The server looks after a silo that
 * says nothing, so that a transaction which a dead machine has begun does not stay.
 */
const SESSION = `
SET statement_timeout = ${STATEMENT_TIMEOUT_MS};
SET lock_timeout = ${LOCK_TIMEOUT_MS};
SET default_transaction_isolation = 'read committed';
SET search_path = pg_catalog;
SET bytea_output = 'hex';
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET plan_cache_mode = force_generic_plan;
SET jit = off;
SET tcp_keepalives_idle = 5;
SET tcp_keepalives_interval = 2;
SET tcp_keepalives_count = 3;`;

/** Who is told when the connection is over. */
export type OnLost = (error: Error) => void;

/**
 * Connects, and sees that the server is one that takes changes. Rejects with what the client threw;
 * the caller ends the socket when that takes too long. Statements do not wait for the answers of
 * those before them.
 */
export async function connectClient(
  address: PostgresAddress,
  socket: Socket,
  onLost: OnLost,
): Promise<Client> {
  const pg = await loadPg();
  const { host, port, database, user, password } = address;
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    application_name: "troupe",
    ssl: await tlsOf(address),
    stream: () => socket,
    keepAlive: true,
    pipeline: true,
  });
  // Without a listener an error would end the process.
  client.on("error", onLost);
  client.on("end", () => onLost(new Error("the connection has ended")));
  await client.connect();
  await client.query(SESSION);
  await checkServer(client, address);
  return client;
}

async function checkServer(client: Client, { label }: PostgresAddress): Promise<void> {
  const { rows } = await client.query<{ readonly version: number; readonly replica: boolean }>(
    "SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS replica",
  );
  const [server] = rows;
  if ((server?.version ?? 0) < OLDEST_VERSION) {
    throw new TroupeError(
      "BAD_CONFIG",
      `storage: PostgreSQL at ${label} has version ${server?.version}; Troupe needs version 12 or later`,
    );
  }
  if (server?.replica === true)
    throw Object.assign(new Error("it is in recovery"), { code: "25006" });
}

async function loadPg(): Promise<{ readonly Client: typeof Client }> {
  try {
    return await import("pg");
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new TroupeError(
      "BAD_CONFIG",
      "storage: the client of PostgreSQL is not installed; run npm install pg (8.23.1 or later)",
      { cause: error },
    );
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

async function tlsOf({
  tls,
  tlsRoots,
}: PostgresAddress): Promise<false | { readonly rejectUnauthorized: boolean; ca?: string }> {
  if (tls === "disable") return false;
  if (tlsRoots === undefined) return { rejectUnauthorized: tls === "verify-full" };
  try {
    return { rejectUnauthorized: true, ca: await readFile(tlsRoots, "utf8") };
  } catch (error) {
    throw new TroupeError(
      "BAD_CONFIG",
      `storage: sslrootcert ${tlsRoots} cannot be read (${messageOf(error)}); give the path of a file with certificates`,
      { cause: error },
    );
  }
}
