import type { Clock, Scheduled, View } from "@troupe/core";

/** Views that come sooner than this after another are adopted together, as the last of them. */
const PAUSE_MS = 20;

/** More views than this in one pause are not kept: what was passed then counts as unknown. */
const PASSED_MAX = 16;

/** A view to adopt, and what came before it. */
export interface Succession {
  readonly view: View;
  /**
   * The views between the last one that was handed on and this, in order; undefined if it is not
   * known what came between.
   */
  readonly passed: readonly View[] | undefined;
}

/**
 * Hands on views one at a time with a pause between, so that fifty silos that join together make a
 * few changes and not a hundred. It says which views were passed over, because who owned an actor
 * in one of them may have it.
 */
export class ViewCoalescer {
  readonly #clock: Clock;
  readonly #adopt: (succession: Succession) => void;
  #latest: View | undefined;
  #passed: View[] | undefined = [];
  /** The number of the last view that was offered. */
  #offered: number | undefined;
  #pause: Scheduled | undefined;

  constructor(clock: Clock, adopt: (succession: Succession) => void) {
    this.#clock = clock;
    this.#adopt = adopt;
  }

  /**
   * The first view after a quiet time is handed on at once. `before` is the number of the view
   * right before this one, if that is known.
   */
  offer(view: View, before: number | undefined): void {
    // After a break the watch begins with the view that was the last.
    if (this.#offered !== undefined && view.revision <= this.#offered) return;
    if (this.#latest !== undefined) this.#passed?.push(this.#latest);
    if (before === undefined || before !== this.#offered) this.#passed = undefined;
    if (this.#passed !== undefined && this.#passed.length > PASSED_MAX) this.#passed = undefined;
    this.#offered = view.revision;
    this.#latest = view;
    if (this.#pause === undefined) this.#handOn();
  }

  stop(): void {
    this.#pause?.cancel();
    this.#latest = undefined;
  }

  #handOn(): void {
    const [view, passed] = [this.#latest, this.#passed];
    this.#latest = undefined;
    this.#passed = [];
    this.#pause =
      view === undefined ? undefined : this.#clock.schedule(PAUSE_MS, () => this.#handOn());
    if (view !== undefined) this.#adopt({ view, passed });
  }
}
