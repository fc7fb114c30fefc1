// Imported, because the global of the same name is a getter that costs as much as the clock itself.
import { performance } from "node:perf_hooks";
import type { Clock, Scheduled } from "./clock.ts";

/** The longest delay `setTimeout` takes; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2_147_483_647;

class SystemTimer implements Scheduled {
  readonly #dueAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#dueAt = performance.now() + delayMs;
    this.#arm(callback);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #arm(callback: () => void): void {
    const leftMs = Math.max(this.#dueAt - performance.now(), 0);
    this.#timer = setTimeout(
      () => {
        // The event loop counts in whole milliseconds and may call up to one too early.
        if (performance.now() < this.#dueAt) this.#arm(callback);
        else callback();
      },
      Math.min(leftMs, LONGEST_DELAY_MS),
    );
  }
}

/** The machine's clocks. The one place that reads them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule: (delayMs, callback) => new SystemTimer(delayMs, callback),
};
