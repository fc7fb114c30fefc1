import {
  type Binding,
  type BindingRequest,
  type BindingResponse,
  messageOf,
  TroupeError,
} from "@troupe/core";
import type { QueryArrayResult } from "pg";
import { type PostgresPool, stateOf, unavailable } from "./postgres-pool.ts";

/** The server goes away, has no room, or was told to end the statement: classes of its states. */
const AWAY = /^(?:08|53|57|58|XX)/;

/** Runs SQL. */
export class PostgresBinding implements Binding {
  readonly operations = ["exec", "query", "close"];
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  async invoke({ operation, metadata, signal }: BindingRequest): Promise<BindingResponse> {
    if (operation === "close") {
      await this.#pool.close();
      return { data: undefined, metadata: { operation } };
    }
    const { sql } = metadata;
    if (sql === undefined || sql === "")
      throw new TroupeError("BAD_INPUT", "give the statement as sql in the metadata", {
        ran: "no",
      });
    const { rows, rowCount } = await this.#run(sql, paramsIn(metadata["params"]), signal);
    if (operation === "exec") {
      const affected = { "rows-affected": String(rowCount ?? 0) };
      return { data: undefined, metadata: { operation, sql, ...affected } };
    }
    return { data: new TextEncoder().encode(JSON.stringify(rows)), metadata: { operation, sql } };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** A connection whose statement nobody waits for any more is closed, which ends the statement. */
  async #run(
    sql: string,
    params: unknown[],
    signal: AbortSignal,
  ): Promise<QueryArrayResult<unknown[]>> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw unavailable(error);
    });
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      aborted.reject(new TroupeError("CANCELLED", "it was given up"));
      // The server goes on with a statement whose connection is closed, until it has an answer.
      const cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1";
      this.#pool.query(cancel, [backendOf(client)]).catch(() => undefined);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const query = client.query<unknown[]>({ text: sql, values: params, rowMode: "array" });
      const result = await Promise.race([query, aborted.promise]);
      client.release();
      return result;
    } catch (error) {
      const refusal = refusalOf(error);
      // The server has answered: the connection is as it was.
      client.release(refusal === undefined);
      throw refusal ?? (error instanceof TroupeError ? error : unavailable(error));
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** The number of the process that serves the connection. The types of the client leave it out. */
function backendOf(client: object): unknown {
  return "processID" in client ? client.processID : null;
}

function refusalOf(error: unknown): TroupeError | undefined {
  const state = stateOf(error);
  if (state === undefined || AWAY.test(state)) return undefined;
  return new TroupeError("BINDING_FAILED", `${messageOf(error)} (SQLSTATE ${state})`, {
    cause: error,
  });
}

function paramsIn(text: string | undefined): unknown[] {
  if (text === undefined || text === "") return [];
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch {
    params = undefined;
  }
  if (Array.isArray(params)) return params.map((one: unknown) => asParameter(one));
  throw new TroupeError("BAD_INPUT", "params in the metadata: give a JSON list", { ran: "no" });
}

/** Lists are arrays of PostgreSQL; an object is JSON. */
function asParameter(value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? JSON.stringify(value) : value;
}
