import type { Clock } from "@troupe/core";

/**
 * Until when this silo surely holds its lease, on its own monotonic clock.
 *
 * L1. The time counts from the moment at which the last confirmed renewal was *sent*, and ends a margin before the lease does: so
 *     it is over before any other silo can see the lease expire (C1).
 * L2. Asking is a comparison of numbers, so it is done at each turn's start, each write and each outcome's leaving; a process that was
 *     stopped for a minute finds its time over on its first look.
 */
export class LeaseGuard {
  readonly #clock: Clock;
  #until = Number.NEGATIVE_INFINITY;
  #isRevoked = false;
  #waiting: ((isServing: boolean) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isServing(): boolean {
    return this.#clock.monotonic() < this.#until;
  }

  /** True once the silo is certain again that its lease lives; false if it is lost for good. */
  serving(): Promise<boolean> {
    if (this.isServing()) return Promise.resolve(true);
    if (this.#isRevoked) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** The lease was confirmed by a call that was sent at `sentAt`, and is good for `lastsMs` from then. */
  confirm(sentAt: number, lastsMs: number): void {
    if (this.#isRevoked) return;
    this.#until = Math.max(this.#until, sentAt + lastsMs);
    if (this.isServing()) this.#tellAll(true);
  }

  /** The lease is gone for good. */
  revoke(): void {
    this.#isRevoked = true;
    this.#until = Number.NEGATIVE_INFINITY;
    this.#tellAll(false);
  }

  #tellAll(isServing: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell(isServing);
  }
}
