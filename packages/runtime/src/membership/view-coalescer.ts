import type { Clock, Scheduled, View } from "@troupe/core";

/** Views that come sooner than this after another are adopted together, as the last of them. */
const PAUSE_MS = 20;

/**
 * Hands on views one at a time with a pause between, so that fifty silos that join together make a
 * few changes and not a hundred.
 */
export class ViewCoalescer {
  readonly #clock: Clock;
  readonly #adopt: (view: View) => void;
  #latest: View | undefined;
  #pause: Scheduled | undefined;

  constructor(clock: Clock, adopt: (view: View) => void) {
    this.#clock = clock;
    this.#adopt = adopt;
  }

  /** The first view after a quiet time is handed on at once. */
  offer(view: View): void {
    this.#latest = view;
    if (this.#pause === undefined) this.#handOn();
  }

  stop(): void {
    this.#pause?.cancel();
    this.#latest = undefined;
  }

  #handOn(): void {
    const view = this.#latest;
    this.#latest = undefined;
    this.#pause =
      view === undefined ? undefined : this.#clock.schedule(PAUSE_MS, () => this.#handOn());
    if (view !== undefined) this.#adopt(view);
  }
}
