/** Less than test runners wait by default, so that it is said before they give up. */
const STILL_MS = 3_000;

/** The code of the warning, by which a program may find it. */
export const STILL_TIME_WARNING = "TROUPE_TIME_STANDS_STILL";

/**
 * Warns once, as Node.js does (`process.emitWarning`), when something waits for virtual time and
 * nobody lets it pass: a test would hang until its runner gives up, which says nothing of why.
 */
export class StillTime {
  #timer: NodeJS.Timeout | undefined;
  #hasWarned = false;

  /** Something waits for time to pass. */
  waits(): void {
    if (this.#timer !== undefined || this.#hasWarned) return;
    // oxlint-disable-next-line no-restricted-globals -- a clock's timer would hold the process.
    this.#timer = setTimeout(() => this.#warn(), STILL_MS).unref();
  }

  /** Time passes. */
  passes(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #warn(): void {
    this.#hasWarned = true;
    process.emitWarning(
      "a call waits, and time stands still in a TestCluster: let it pass with await cluster.run(…) around the call, or with await cluster.advance(ms)",
      { code: STILL_TIME_WARNING },
    );
  }
}
