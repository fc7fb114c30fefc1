import { type Clock, messageOf, sleep, TroupeError } from "@troupe/core";

/** What became of the calls of one caller. */
export interface CallerRecord {
  /** Calls that were answered. */
  acknowledged: number;
  /** Calls that failed, and may have run. */
  unknown: number;
  /** The longest time without an answer since `forgetGaps`, in milliseconds. */
  worstGapMs: number;
  /** Answers since `forgetGaps`. */
  answers: number;
}

export interface Pace {
  readonly clock: Clock;
  readonly callers: number;
  /** Between an answer and the next call. */
  readonly pauseMs: number;
}

/**
 * Callers that each make one call after the other, for as long as they are let. A caller whose call
 * fails goes on with the next one, so every call is made once, and what became of it is known as
 * well as a caller can know it.
 */
export class PacedCallers {
  readonly records: readonly CallerRecord[];
  readonly failures = new Map<string, number>();
  readonly #pace: Pace;
  readonly #call: (caller: number) => Promise<unknown>;
  readonly #lastAnswers: number[];
  readonly #lanes: Promise<unknown>;
  #stopped = false;

  constructor(pace: Pace, call: (caller: number) => Promise<unknown>) {
    this.#pace = pace;
    this.#call = call;
    this.records = Array.from({ length: pace.callers }, () => ({
      acknowledged: 0,
      unknown: 0,
      worstGapMs: 0,
      answers: 0,
    }));
    this.#lastAnswers = this.records.map(() => pace.clock.monotonic());
    this.#lanes = Promise.all(this.records.map((record, caller) => this.#lane(record, caller)));
  }

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Gaps count from now on. */
  forgetGaps(): void {
    const now = this.#pace.clock.monotonic();
    this.#lastAnswers.fill(now);
    for (const record of this.records) Object.assign(record, { worstGapMs: 0, answers: 0 });
  }

  /**
   * Waits until each caller has had so many answers since `forgetGaps`; rejects if that takes too
   * long.
   */
  async untilAnswered(answers: number, withinMs: number): Promise<void> {
    const { clock } = this.#pace;
    const end = clock.monotonic() + withinMs;
    while (!this.records.every((record) => record.answers >= answers)) {
      if (clock.monotonic() > end)
        throw new Error(
          `an actor gave no answer for ${withinMs} ms: ${JSON.stringify([...this.failures])}`,
        );
      await sleep(clock, 10);
    }
  }

  /** Lets the calls under way end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#lanes;
  }

  async #lane(record: CallerRecord, caller: number): Promise<void> {
    const { clock, pauseMs } = this.#pace;
    while (!this.#stopped) {
      try {
        await this.#call(caller);
        this.#answered(record, caller);
      } catch (error) {
        const code = error instanceof TroupeError ? error.code : messageOf(error);
        this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
        if (!(error instanceof TroupeError) || error.ran !== "no") record.unknown++;
      }
      await sleep(clock, pauseMs);
    }
  }

  #answered(record: CallerRecord, caller: number): void {
    const now = this.#pace.clock.monotonic();
    record.worstGapMs = Math.max(record.worstGapMs, now - (this.#lastAnswers[caller] ?? now));
    record.acknowledged++;
    record.answers++;
    this.#lastAnswers[caller] = now;
  }
}
