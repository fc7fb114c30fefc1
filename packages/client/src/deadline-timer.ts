import type { Clock, Scheduled } from "@troupe/core";

/**
 * One timer for many deadlines. It fires no later than the earliest deadline that it was told of;
 * the owner then looks through what it holds and tells it the deadlines that remain. So a deadline
 * costs a comparison, not a timer.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #onDue: (now: number) => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: Scheduled | undefined;

  constructor(clock: Clock, onDue: (now: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** `deadline` is on the clock's monotonic time. */
  expect(deadline: number): void {
    if (deadline >= this.#at) return;
    this.#timer?.cancel();
    this.#at = deadline;
    // Rounded up: a timer that fires a fraction early would find nothing due and be set again.
    this.#timer = this.#clock.schedule(
      Math.max(0, Math.ceil(deadline - this.#clock.monotonic())),
      () => {
        this.#at = Number.POSITIVE_INFINITY;
        this.#onDue(this.#clock.monotonic());
      },
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#at = Number.POSITIVE_INFINITY;
  }
}
