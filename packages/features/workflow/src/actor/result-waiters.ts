import type { Clock, Scheduled } from "@troupe/core";

/** How long a call waits for the end of a run before its caller has to ask again. */
const WAIT_MS = 2_000;

/** Calls that wait for the end of one run. */
export class ResultWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<(hasEnded: boolean) => void, Scheduled>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves with true when the run has ended, and with false when it is time to ask again. */
  wait(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(WAIT_MS, () => {
        this.#waiting.delete(resolve);
        resolve(false);
      });
      this.#waiting.set(resolve, timer);
    });
  }

  /** All who wait go on. */
  release(hasEnded: boolean): void {
    for (const [resolve, timer] of this.#waiting) {
      timer.cancel();
      resolve(hasEnded);
    }
    this.#waiting.clear();
  }
}
