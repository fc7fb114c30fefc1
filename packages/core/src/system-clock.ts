import type { Clock, Scheduled } from "./clock.ts";

/** The longest delay `setTimeout` takes; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2_147_483_647;

class SystemTimer implements Scheduled {
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#arm(delayMs, callback);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number, callback: () => void): void {
    this.#timer =
      delayMs <= LONGEST_DELAY_MS
        ? setTimeout(callback, delayMs)
        : setTimeout(() => this.#arm(delayMs - LONGEST_DELAY_MS, callback), LONGEST_DELAY_MS);
  }
}

/** The machine's clocks. The one place that reads them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule: (delayMs, callback) => new SystemTimer(delayMs, callback),
};
