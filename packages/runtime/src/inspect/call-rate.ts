import type { Clock } from "@troupe/core";

/** Calls a second, over at least this long before the asking. */
const WINDOW_MS = 5_000;

interface Sample {
  readonly at: number;
  readonly total: number;
}

/** A rate out of a running total, without a timer: it is sampled when somebody asks. */
export class CallRate {
  readonly #clock: Clock;
  #older: Sample;
  #newer: Sample;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#older = { at: clock.monotonic(), total: 0 };
    this.#newer = this.#older;
  }

  /** Calls a second since the sample that is one or two windows old, or since the start. */
  perSecond(total: number): number {
    const at = this.#clock.monotonic();
    if (at - this.#newer.at >= WINDOW_MS) {
      this.#older = this.#newer;
      this.#newer = { at, total };
    }
    const seconds = (at - this.#older.at) / 1_000;
    return seconds <= 0 ? 0 : (total - this.#older.total) / seconds;
  }
}
