import type { Clock } from "@troupe/core";

/**
 * How long a frame may wait for more to join it. A frame costs as much as ten calls in it; a call
 * that is under way takes a tenth of this.
 */
const WAIT_MAX_MS = 1;

/**
 * When the links of one process write what they have collected, if other calls are under way.
 *
 * Each frame that comes in sets calls and replies going, on many links: so what is to be written
 * waits for as long as turns of the event loop bring frames, and is written in the first turn that
 * brings none, or after a millisecond. While the process has work to do, that makes frames as large
 * as they can be, and when it has none it costs two empty turns.
 */
export class WriteTurns {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  #since = 0;
  #hasRead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A frame came in. */
  noteRead(): void {
    this.#hasRead = true;
  }

  /** Calls `write` once, soon. */
  add(write: () => void): void {
    this.#waiting.push(write);
    if (this.#waiting.length > 1) return;
    this.#since = this.#clock.monotonic();
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const mayWait = this.#hasRead && this.#clock.monotonic() - this.#since < WAIT_MAX_MS;
    this.#hasRead = false;
    if (mayWait) {
      setImmediate(this.#turn);
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const write of waiting) write();
  };
}
