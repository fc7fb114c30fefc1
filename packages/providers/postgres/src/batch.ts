import type { Row, Statement } from "./postgres-connection.ts";

/** How a request is answered. */
export interface Settle<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests for different actors that one statement serves. */
export interface Batch {
  /** When its first request came, on the monotonic clock. */
  readonly openedAt: number;
  /** True if it takes no further request. */
  readonly isFull: boolean;
  statement(): Statement;
  /** Answers every request by the rows of the statement. */
  settle(rows: readonly Row[]): void;
  /** Fails every request that has no answer yet. */
  fail(error: unknown): void;
}
