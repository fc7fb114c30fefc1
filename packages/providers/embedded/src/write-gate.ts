import { messageOf, TroupeError, type Clock, type Scheduled } from "@troupe/core";

export interface WriteGateOptions {
  readonly clock: Clock;
  /** What the writes go to, for error messages. */
  readonly what: string;
  /** The code of every error of a write. */
  readonly code: "STORE_UNAVAILABLE" | "CLUSTER_UNAVAILABLE";
  readonly timeoutMs: number;
  /** Why nothing may be written now, or undefined. Default: nothing is wrong. */
  readonly problem?: () => string | undefined;
}

/** Writes under way: each holds the bytes that it stores, so there is a limit. */
const PENDING_MAX = 20_000;

interface PendingWrite {
  readonly deadline: number;
  /** Rejects its caller; the write itself cannot be taken back and may still be made. */
  giveUp(): void;
}

/**
 * Gives every write an answer in bounded time, although lmdb has no deadlines: a write waits for
 * the lock of the folder for as long as another process holds it, and that one may have been
 * stopped.
 *
 * WGT-1. Every write settles within `timeoutMs`.
 * WGT-2. While one is overdue, later ones are refused at once, so that a blocked folder neither
 *        fills the memory nor costs each caller the whole time. When the overdue ones are settled,
 *        writes are taken again.
 */
export class WriteGate {
  readonly #options: WriteGateOptions;
  /** In the order of their deadlines. */
  readonly #pending = new Set<PendingWrite>();
  #overdue = 0;
  #timer: Scheduled | undefined;
  readonly #whenIdle: (() => void)[] = [];

  constructor(options: WriteGateOptions) {
    this.#options = options;
  }

  /**
   * What `write` resolves to. Rejects with the gate's code when it fails, takes too long, or cannot
   * be taken (`ran: "no"`).
   */
  run<T>(write: () => Promise<T>): Promise<T> {
    const problem = this.#options.problem?.();
    if (problem !== undefined) return Promise.reject(this.#refusal(problem));
    if (this.#overdue > 0) return Promise.reject(this.#refusal("an earlier write is blocked"));
    if (this.#pending.size >= PENDING_MAX)
      return Promise.reject(this.#refusal(`${PENDING_MAX} writes are under way`));
    return new Promise<T>((resolve, reject) => {
      const pending: PendingWrite = {
        deadline: this.#options.clock.monotonic() + this.#options.timeoutMs,
        giveUp: () => reject(this.#overdueError()),
      };
      this.#pending.add(pending);
      this.#arm();
      const settle = (): void => this.#settled(pending);
      startSafely(write)
        .then(resolve, (error: unknown) => this.#fail(error, reject))
        .then(settle, settle);
    });
  }

  /** An error with the gate's code, for a caller that stops before it writes. */
  unavailable(why: string, cause?: unknown): TroupeError {
    const { code, what } = this.#options;
    return new TroupeError(code, `cannot write to ${what}: ${why}`, { cause });
  }

  /** Resolves when no write is under way; overdue ones are not waited for. */
  async idle(): Promise<void> {
    if (this.#pending.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #refusal(why: string): TroupeError {
    const { code, what } = this.#options;
    return new TroupeError(code, `cannot write to ${what}: ${why}`, { ran: "no" });
  }

  #overdueError(): TroupeError {
    const { what, code, timeoutMs } = this.#options;
    const hint =
      "is a process that uses the folder stopped, or is the disk too slow? Resume or end that process";
    return new TroupeError(code, `a write to ${what} took longer than ${timeoutMs} ms; ${hint}`);
  }

  async #fail(error: unknown, reject: (reason: TroupeError) => void): Promise<void> {
    const cause = await rootCause(error);
    reject(this.unavailable(messageOf(cause), cause));
  }

  #settled(pending: PendingWrite): void {
    if (!this.#pending.delete(pending)) this.#overdue--;
    if (this.#pending.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /**
   * One timer for all writes: it waits for the earliest deadline, and looks again when it fires.
   */
  #arm(): void {
    if (this.#timer !== undefined) return;
    const [first] = this.#pending;
    if (first === undefined) return;
    const delayMs = Math.max(0, first.deadline - this.#options.clock.monotonic());
    this.#timer = this.#options.clock.schedule(delayMs, () => {
      this.#timer = undefined;
      this.#sweep();
      this.#arm();
    });
  }

  #sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const pending of this.#pending) {
      if (pending.deadline > now) break;
      this.#pending.delete(pending);
      this.#overdue++;
      pending.giveUp();
    }
    if (this.#pending.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

/** A key that is too long makes lmdb throw instead of reject. */
async function startSafely<T>(write: () => Promise<T>): Promise<T> {
  return write();
}

/** lmdb says only "commit failed" and keeps the reason in a promise of its own. */
async function rootCause(error: unknown): Promise<unknown> {
  const commitError = (error as { commitError?: Promise<unknown> } | undefined)?.commitError;
  if (commitError === undefined) return error;
  try {
    await commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
