import { Socket } from "node:net";
import {
  BackgroundWork,
  type Clock,
  type Logger,
  type Scheduled,
  TroupeError,
  withTimeout,
} from "@troupe/core";
import type { Client } from "pg";
import { AnswerWatch } from "./answer-watch.ts";
import { connectClient, OPEN_TIMEOUT_MS } from "./pg-client.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import { describeFailure, isAnswer, isConfigurationError, storeFailure } from "./store-failure.ts";

const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 500;

/** What the server is told at the end takes no longer. */
const GOODBYE_MS = 500;

export interface ConnectionContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A statement; the server plans each name once in a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (Buffer | string | number | boolean)[];
}

/** A row of an answer, its columns as text. */
export type Row = readonly (string | null)[];

type State =
  | { readonly kind: "connected"; readonly client: Client; readonly socket: Socket }
  | { readonly kind: "lost" }
  | { readonly kind: "closed" };

/** Gives every value as the text that PostgreSQL sent. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/**
 * One connection to a PostgreSQL. Statements are sent at once, and run in their order.
 *
 * PCON-1. A statement is sent once or not at all, and fails when the connection does. Whether it
 *     took effect is unknown then, and it may take effect later.
 * PCON-2. Every statement settles within its time. One without an answer ends the connection, for
 *     what comes behind it would wait as well. Every failure is a `STORE_UNAVAILABLE` that says
 *     what helps.
 * PCON-3. After a failure it connects again by itself, for as long as it is open.
 */
export class PostgresConnection implements AsyncDisposable {
  readonly label: string;
  readonly clock: Clock;
  readonly #address: PostgresAddress;
  readonly #logger: Logger;
  readonly #reconnecting = new BackgroundWork(() => undefined);
  #state: State = { kind: "lost" };
  #attempt: Scheduled | undefined;
  /** Of the attempt to connect that is under way. */
  #connecting: Socket | undefined;
  /**
   * Why the connection broke last; it says more than the error of a statement that found it broken.
   */
  #lastError: Error | undefined;

  private constructor(address: PostgresAddress, { clock, logger }: ConnectionContext) {
    this.label = address.label;
    this.clock = clock;
    this.#address = address;
    this.#logger = logger;
  }

  /**
   * Connects and sees that PostgreSQL answers, or rejects with `STORE_UNAVAILABLE` or `BAD_CONFIG`
   * within three seconds.
   */
  static async open(
    address: PostgresAddress,
    context: ConnectionContext,
  ): Promise<PostgresConnection> {
    const connection = new PostgresConnection(address, context);
    try {
      await connection.#connect();
      return connection;
    } catch (error) {
      await connection.close();
      throw connection.openFailure(error);
    }
  }

  /** Runs a statement; whatever becomes of it but its rows is a `STORE_UNAVAILABLE`. */
  async run({ name, text, values }: Statement): Promise<readonly Row[]> {
    const state = this.#state;
    if (state.kind !== "connected") throw this.failureOf(new Error("it is not connected"));
    const watch = new AnswerWatch(state.socket, this.clock);
    try {
      const { rows } = await state.client.query<(string | null)[]>({
        name,
        text,
        values: [...values],
        rowMode: "array",
        types: AS_TEXT,
      });
      return rows;
    } catch (error) {
      throw this.failureOf(error);
    } finally {
      watch.end();
    }
  }

  /** Runs statements that need no answer as one transaction. */
  async runScript(text: string): Promise<void> {
    await this.run({ name: "", text, values: [] });
  }

  /** The `STORE_UNAVAILABLE` of a statement that threw. */
  failureOf(error: unknown): TroupeError {
    const isBroken = this.#state.kind !== "connected" && !isAnswer(error);
    return storeFailure(this.label, isBroken ? (this.#lastError ?? error) : error);
  }

  /** The error to end an opening with: a `BAD_CONFIG` if waiting would not help. */
  openFailure(error: unknown): TroupeError {
    const thrown = error instanceof TroupeError ? (error.cause ?? error) : error;
    if (!isConfigurationError(thrown)) return storeFailure(this.label, error);
    return new TroupeError(
      "BAD_CONFIG",
      `storage: PostgreSQL at ${this.label} ${describeFailure(thrown)}`,
      { cause: thrown },
    );
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    this.#attempt?.cancel();
    this.#connecting?.destroy();
    if (state.kind === "connected") {
      await withTimeout(this.clock, GOODBYE_MS, state.client.end(), () => undefined);
      state.socket.destroy();
    }
    await this.#reconnecting.ended();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #connect(): Promise<void> {
    const socket = new Socket();
    this.#connecting = socket;
    let lost: Error | undefined;
    const connecting = connectClient(this.#address, socket, (error) => {
      lost ??= error;
      this.#lose(socket, error);
    });
    try {
      const client = await withTimeout(this.clock, OPEN_TIMEOUT_MS, connecting, throwTimeout);
      if (this.#state.kind === "closed") throw new Error("it was closed");
      // It may have ended since it was made, and nobody would be told again.
      if (lost !== undefined) throw lost;
      this.#state = { kind: "connected", client, socket };
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }

  #lose(socket: Socket, error: Error): void {
    const state = this.#state;
    if (state.kind !== "connected" || state.socket !== socket) return;
    this.#state = { kind: "lost" };
    this.#noteError(error);
    // An error that PostgreSQL sends at its end leaves the socket open.
    socket.destroy();
    this.#reconnectAfter(RECONNECT_MIN_MS);
  }

  #reconnectAfter(delayMs: number): void {
    this.#attempt = this.clock.schedule(delayMs, () =>
      this.#reconnecting.add(this.#reconnect(delayMs)),
    );
  }

  async #reconnect(delayMs: number): Promise<void> {
    try {
      await this.#connect();
      this.#lastError = undefined;
      this.#logger.info({ postgres: this.label }, "the connection to PostgreSQL is back");
    } catch (error) {
      if (this.#state.kind === "closed") return;
      this.#noteError(error instanceof Error ? error : new Error(String(error)));
      this.#reconnectAfter(Math.min(2 * delayMs, RECONNECT_MAX_MS));
    }
  }

  #noteError(error: Error): void {
    // Each attempt to reconnect fails alike, and one line of each kind is enough.
    if (this.#lastError?.message !== error.message) {
      this.#logger.warn(
        { postgres: this.label, reason: error.message },
        "the connection to PostgreSQL is broken",
      );
    }
    this.#lastError = error;
  }
}

function throwTimeout(): never {
  throw new Error(`no answer within ${OPEN_TIMEOUT_MS} ms`);
}
