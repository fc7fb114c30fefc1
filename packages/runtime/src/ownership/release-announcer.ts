import type { Clock, Scheduled } from "@troupe/core";

/** Between two announcements: what is let go of meanwhile is told together. */
const PAUSE_MS = 5;

/**
 * The pause is longer by this for each actor that is still held, because each is named: ten
 * thousand take a tenth of a second.
 */
const PAUSE_MS_PER_HELD = 0.01;

export interface ReleaseAnnouncerParts {
  readonly clock: Clock;
  /** How many actors the next announcement would name. */
  held(): number;
  /** Tells all other silos; false if one could not be told now. */
  announce(): boolean;
}

/**
 * Tells the others what this silo has let go of.
 *
 * REL-1. What was let go of is told, though a link had no room for it: until then the new owners
 *     keep their callers waiting (C6).
 * REL-2. Letting go of many actors costs few announcements, and not one each that names all the
 *     others.
 */
export class ReleaseAnnouncer {
  readonly #parts: ReleaseAnnouncerParts;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: Scheduled | undefined;

  constructor(parts: ReleaseAnnouncerParts) {
    this.#parts = parts;
  }

  /** Tells it at once. */
  announce(): void {
    this.#toldAt = this.#parts.clock.monotonic();
    if (!this.#parts.announce()) this.#lookLater();
  }

  /** Something was let go of: tells it when the pause is over. */
  announceSoon(): void {
    if (this.#timer !== undefined) return;
    const pauseMs = PAUSE_MS + PAUSE_MS_PER_HELD * this.#parts.held();
    if (this.#parts.clock.monotonic() < this.#toldAt + pauseMs) this.#lookLater();
    else this.announce();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Before a long pause is over, because fewer may be held by then. */
  #lookLater(): void {
    this.#timer ??= this.#parts.clock.schedule(PAUSE_MS, () => {
      this.#timer = undefined;
      this.announceSoon();
    });
  }
}
