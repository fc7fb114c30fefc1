/** A callback that waits for its time. Cancelling it twice, or after it ran, is harmless. */
export interface Scheduled {
  cancel(): void;
}

/**
 * All time comes from here, so that a whole cluster can run on virtual time.
 *
 * `now` is the wall clock: it may jump in both directions and is used only for due times and for
 * what people read. `monotonic` never goes back and is used for every duration, deadline and lease.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch on the wall clock. */
  now(): number;
  /** Milliseconds since an arbitrary moment. Never goes back. */
  monotonic(): number;
  /**
   * Calls `callback` once, not before `delayMs` milliseconds on the monotonic clock have passed.
   */
  schedule(delayMs: number, callback: () => void): Scheduled;
}

/** Resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(delayMs, resolve);
  });
}

/** The promise's outcome, or `fallback()` (which may throw) if it takes longer than `delayMs`. */
export function withTimeout<T>(
  clock: Clock,
  delayMs: number,
  promise: Promise<T>,
  fallback: () => T,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.schedule(delayMs, () => {
      try {
        resolve(fallback());
      } catch (error) {
        reject(error);
      }
    });
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
