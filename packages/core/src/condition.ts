import type { Clock } from "./clock.ts";

/**
 * What somebody waits for. Those who wait look once at the start, and again each time they are
 * notified; nobody looks in between.
 */
export class Condition {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed: whoever waits looks again. */
  notify(): void {
    if (this.#waiting.size === 0) return;
    for (const look of Array.from(this.#waiting)) look();
  }

  /**
   * Resolves with true once `holds` gives true, and with false if it does not within `timeoutMs`.
   * Rejects with what `holds` throws.
   */
  wait(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiting.delete(look);
        timer.cancel();
        settle();
      };
      const look = (): void => {
        try {
          if (holds()) end(() => resolve(true));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const timer = this.#clock.schedule(timeoutMs, () => end(() => resolve(false)));
      this.#waiting.add(look);
      look();
    });
  }
}
