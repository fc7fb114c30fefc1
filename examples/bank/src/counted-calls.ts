import { setTimeout as pause } from "node:timers/promises";
import { TroupeError } from "troupe";

const PAUSE_MS = 50;
const PAUSE_MAX_MS = 500;

/** How long a call is repeated before it is given up. */
const PATIENCE_S = 20;

/**
 * Makes calls that may be repeated, repeats those that fail although they could succeed, and
 * counts.
 */
export class CountedCalls {
  /** Calls that were made, repeated ones counted each time. */
  made = 0;
  /** Of these, calls that failed because of the cluster. What an actor refuses is an answer. */
  failed = 0;
  /** Of the failed ones, those that were made again. */
  retried = 0;
  /** Seconds that the slowest took, with its repetitions. */
  slowest = 0;
  readonly #signal: AbortSignal;

  /** Nothing is repeated any more once the signal is aborted. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async make<T>(call: () => Promise<T>): Promise<T> {
    const start = process.uptime();
    for (let attempt = 1; ; attempt++) {
      this.made++;
      try {
        // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the one
        // before.
        const result = await call();
        this.slowest = Math.max(this.slowest, process.uptime() - start);
        return result;
      } catch (error) {
        if (!(error instanceof TroupeError)) throw error;
        this.failed++;
        if (!error.retryable || this.#signal.aborted || process.uptime() - start > PATIENCE_S)
          throw error;
      }
      this.retried++;
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the one
      // before.
      await pause(Math.min(PAUSE_MS * attempt, PAUSE_MAX_MS), undefined, { signal: this.#signal });
    }
  }
}

/** Works on all items, at most `width` at the same time. The first failure ends it. */
export async function forEachOf<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) {
      // oxlint-disable-next-line no-await-in-loop -- other workers go on beside this one.
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
