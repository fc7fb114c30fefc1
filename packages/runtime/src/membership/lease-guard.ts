import type { Clock } from "@troupe/core";

/**
 * What a silo does while it is in doubt about its lease. `strict`: nothing; so no actor ever runs
 * twice (C1). `available`: it goes on until it knows that the lease is gone, so that the cluster
 * outlives its membership store; an actor may then run twice for a while, but what the older one
 * changes is not stored (C2).
 */
export type LeasePolicy = "strict" | "available";

/**
 * Until when this silo surely holds its lease, on its own monotonic clock.
 *
 * GUARD-1. The time counts from the moment at which the last confirmed renewal was *sent*, and ends
 *     a margin before the lease does: so it is over before any other silo can see the lease expire
 *     (C1).
 * GUARD-2. Asking is a comparison of numbers, so it is done at each turn's start, each write and
 *     each outcome's leaving; a process that was stopped for a minute finds its time over on its
 *     first look.
 */
export class LeaseGuard {
  readonly #clock: Clock;
  readonly #policy: LeasePolicy;
  #until = Number.NEGATIVE_INFINITY;
  #isRevoked = false;
  #waiting: ((isServing: boolean) => void)[] = [];

  constructor(clock: Clock, policy: LeasePolicy) {
    this.#clock = clock;
    this.#policy = policy;
  }

  /** `now` is on the monotonic clock, and read after the last `await`. */
  isServing(now = this.#clock.monotonic()): boolean {
    if (this.#policy === "available") return this.#until !== Number.NEGATIVE_INFINITY;
    return this.isCertain(now);
  }

  /**
   * True if no other silo can own by now what this one owns, whatever the policy: for what no epoch
   * keeps from its effect.
   */
  isCertain(now = this.#clock.monotonic()): boolean {
    return now < this.#until;
  }

  /** For how long the silo is certain from `now` on, if its lease is not renewed before. */
  marginMs(now = this.#clock.monotonic()): number {
    return Math.max(0, this.#until - now);
  }

  /** True once the silo is certain again that its lease lives; false if it is lost for good. */
  serving(): Promise<boolean> {
    if (this.isServing()) return Promise.resolve(true);
    if (this.#isRevoked) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /**
   * The lease was confirmed by a call that was sent at `sentAt`, and is good for `lastsMs` from
   * then.
   */
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
