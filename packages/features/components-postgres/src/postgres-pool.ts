import { type Logger, messageOf, TroupeError } from "@troupe/core";
import type { Client, ClientConfig, Pool, PoolClient, QueryResult } from "pg";
import type { PostgresAddress } from "./postgres-address.ts";

const CONNECT_TIMEOUT_MS = 3_000;

/** Errors that no waiting ends: authentication, and a database that is not there. */
const CONFIGURATION: ReadonlySet<string> = new Set(["28000", "28P01", "3D000", "42501"]);

/** The text cannot be stored: it has a character that PostgreSQL does not know. */
const BAD_TEXT = "22021";

/** What the server says of a statement. */
export function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined;
}

/**
 * Connections to a PostgreSQL.
 *
 * PGC-1. Each statement settles within `timeout`, and a connection within three seconds. A
 *         connection on which a statement failed to settle is closed.
 * PGC-2. After a failure the next statement connects again.
 */
export class PostgresPool {
  readonly #pool: Pool;
  readonly #config: ClientConfig;
  readonly #client: typeof Client;

  private constructor(pool: Pool, config: ClientConfig, client: typeof Client) {
    this.#pool = pool;
    this.#config = config;
    this.#client = client;
  }

  /** Connects, and sees that the server answers. Rejects within seconds. */
  static async open(address: PostgresAddress, logger: Logger): Promise<PostgresPool> {
    const pg = await loadPg();
    const { host, port, user, password, database, tls, timeoutMs } = address;
    const config: ClientConfig = {
      host,
      port,
      user,
      password,
      database,
      ssl: tls,
      application_name: "troupe",
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: timeoutMs,
    };
    const { connectionsMax: max, idleMs: idleTimeoutMillis } = address;
    const pool = new pg.Pool({ ...config, max, idleTimeoutMillis });
    // Without a listener the error of a connection that nobody uses would end the process.
    pool.on("error", (error) =>
      logger.debug({ error: messageOf(error) }, "a connection to PostgreSQL is broken"),
    );
    const opened = new PostgresPool(pool, config, pg.Client);
    try {
      await opened.query("SELECT 1", []);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  /** Runs one statement. What fails is `COMPONENT_UNAVAILABLE`. */
  async query(text: string, values: unknown[]): Promise<QueryResult> {
    try {
      return await this.#pool.query(text, values);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** As the server answers it, for who wants to know what it refuses. */
  async connect(): Promise<PoolClient> {
    return await this.#pool.connect();
  }

  /** Runs statements as one transaction; what throws undoes them. */
  async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw unavailable(error);
    }
    try {
      await client.query("BEGIN");
      const result = await work(client);
      await client.query("COMMIT");
      client.release();
      return result;
    } catch (error) {
      // The end of the connection is the end of the transaction.
      client.release(true);
      throw error instanceof TroupeError ? error : unavailable(error);
    }
  }

  /** One more connection, which is not opened again when it breaks. Whoever asks ends it. */
  another(): Client {
    return new this.#client(this.#config);
  }

  close(): Promise<void> {
    return this.#pool.ending ? Promise.resolve() : this.#pool.end();
  }
}

/** What a failed statement or connection means to who has called. */
export function unavailable(error: unknown): TroupeError {
  const state = stateOf(error) ?? "";
  const message = `PostgreSQL: ${messageOf(error)}`;
  if (state === BAD_TEXT) return new TroupeError("BAD_INPUT", message, { cause: error });
  const code = CONFIGURATION.has(state) ? "BAD_CONFIG" : "COMPONENT_UNAVAILABLE";
  return new TroupeError(code, message, { cause: error });
}

async function loadPg(): Promise<{
  readonly Client: typeof Client;
  readonly Pool: typeof Pool;
}> {
  try {
    return (await import("pg")).default;
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing) throw error;
    throw new TroupeError(
      "BAD_CONFIG",
      "the client of PostgreSQL is not installed; run npm install pg (8.23.1 or later)",
      { cause: error },
    );
  }
}
