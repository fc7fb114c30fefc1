import { type ActorAddress, type Clock, formatAddress, type Logger } from "@troupe/core";

/** A silo may be behind for a moment while views change; for longer, something is wrong. */
const PATIENCE_MS = 10_000;
const WARN_EVERY_MS = 60_000;

/**
 * Says why actors cannot be loaded when the store has claims of views that this silo never gets:
 * the membership was lost or is another one, and its numbers are lower than those of before.
 */
export class RefusedClaims {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #since = 0;
  /** The highest revision for which a claim was refused. */
  #ahead = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** A claim under the revision `own` was refused, because there is one under `stored`. */
  note(address: ActorAddress, { own, stored }: { own: number; stored: number }): void {
    if (stored <= own) return;
    const now = this.#clock.monotonic();
    if (own >= this.#ahead) this.#since = now;
    this.#ahead = Math.max(this.#ahead, stored);
    if (now - this.#since < PATIENCE_MS || now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    this.#logger.warn(
      { event: "claims_refused", actor: formatAddress(address), view: own, claimedIn: stored },
      "the storage holds claims of a later view than any that this silo gets, so actors cannot be loaded: the membership was lost or moved, or another cluster uses the storage; stop all other silos on it and start with adoptStorage (--adopt-storage)",
    );
  }
}
