import type { Clock, Scheduled } from "@troupe/core";

/** How long a call waits for the end of a run before its caller has to ask again. */
export const WAIT_MS = 2_000;

type Waiting = Map<(isOver: boolean) => void, Scheduled>;

/** Calls that wait for the end of one run, or for the answer to a request. */
export class ResultWaiters {
  readonly #clock: Clock;
  /** By what they wait for. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves with true when the run has ended or the request is answered, and with false when it is
   * time to ask again.
   */
  wait(ask = "", waitMs = WAIT_MS): Promise<boolean> {
    const waiting: Waiting = this.#waiting.get(ask) ?? new Map();
    this.#waiting.set(ask, waiting);
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(Math.min(waitMs, WAIT_MS), () => {
        waiting.delete(resolve);
        if (waiting.size === 0 && this.#waiting.get(ask) === waiting) this.#waiting.delete(ask);
        resolve(false);
      });
      waiting.set(resolve, timer);
    });
  }

  /** Those who wait for the answer to this request go on. */
  answered(ask: string): void {
    const waiting = this.#waiting.get(ask) ?? [];
    this.#waiting.delete(ask);
    for (const [resolve, timer] of waiting) {
      timer.cancel();
      resolve(true);
    }
  }

  /** All who wait go on. */
  release(hasEnded: boolean): void {
    const all = [...this.#waiting.values()].flatMap((waiting) => [...waiting]);
    this.#waiting.clear();
    for (const [resolve, timer] of all) {
      timer.cancel();
      resolve(hasEnded);
    }
  }
}
