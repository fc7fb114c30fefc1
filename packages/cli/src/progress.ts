import { type Clock, systemClock } from "@troupe/core";

/** A terminal, or what stands in for one. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** More often nobody can read it. */
const SHOW_EVERY_MS = 200;

const CLEAR_LINE = "\r\u001B[K";

/** One line on a terminal that says how far a command is. Elsewhere it says nothing. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #clock: Pick<Clock, "monotonic">;
  #nextAt = 0;
  #isShown = false;

  constructor(
    output: ProgressOutput = process.stderr,
    clock: Pick<Clock, "monotonic"> = systemClock,
  ) {
    this.#output = output;
    this.#clock = clock;
  }

  /** `text` is asked for only if it is shown. */
  show(text: () => string): void {
    if (this.#output.isTTY !== true) return;
    const now = this.#clock.monotonic();
    if (now < this.#nextAt) return;
    this.#nextAt = now + SHOW_EVERY_MS;
    this.#isShown = true;
    this.#output.write(CLEAR_LINE + text());
  }

  /** The line goes away. */
  end(): void {
    if (this.#isShown) this.#output.write(CLEAR_LINE);
    this.#isShown = false;
  }
}
