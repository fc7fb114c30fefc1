import {
  type Clock,
  type Lease,
  type Logger,
  type Member,
  type MembershipProvider,
  type MemberState,
  messageOf,
  type Scheduled,
  TroupeError,
  type ViewWatch,
} from "@troupe/core";
import { LeaseGuard, type LeasePolicy } from "./lease-guard.ts";
import { type Succession, ViewCoalescer } from "./view-coalescer.ts";

/** Renewals in the time of one lease. */
const RENEWALS_PER_LEASE = 4;

/**
 * Tries in the time of one lease after one has failed: often, because a silo that stands still may
 * only wait for the next.
 */
const RETRIES_PER_LEASE = 20;

/**
 * The part of a lease that the guard leaves unused: for clocks that run at slightly different
 * rates, and for what is just leaving.
 */
const MARGIN_SHARE = 0.1;

/** A timer that comes later than this says that something kept the event loop from turning. */
const BLOCKED_MS = 1_000;

export interface MembershipAgentParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly membership: MembershipProvider;
  readonly leaseTtlMs: number;
  readonly leasePolicy: LeasePolicy;
  onView(succession: Succession): void;
  /** The lease is gone: this silo is not a member any more and must not act as one. */
  onLost(): void;
}

/**
 * Keeps one silo's record in the membership store: joins, renews its lease, changes its state,
 * watches the others, leaves.
 */
export class MembershipAgent {
  readonly guard: LeaseGuard;
  readonly #parts: MembershipAgentParts;
  readonly #views: ViewCoalescer;
  #member: Member | undefined;
  #lease: Lease | undefined;
  #watch: ViewWatch | undefined;
  #renewal: Scheduled | undefined;
  #renewalFails = false;
  #ended = false;

  constructor(parts: MembershipAgentParts) {
    this.#parts = parts;
    this.guard = new LeaseGuard(parts.clock, parts.leasePolicy);
    this.#views = new ViewCoalescer(parts.clock, (succession) => parts.onView(succession));
  }

  /** What this silo has written down of itself. */
  get member(): Member | undefined {
    return this.#member;
  }

  /**
   * Registers the silo, and watches. The first view that the silo is told of has it as a member.
   */
  async join(member: Member): Promise<void> {
    const { membership, clock, leaseTtlMs, logger } = this.#parts;
    const sentAt = clock.monotonic();
    this.#lease = await membership.register(member, leaseTtlMs);
    this.#member = member;
    this.#confirm(sentAt);
    this.#renewLater();
    const watch = await membership.watch({
      onView: (view, before) => {
        if (!this.#ended) this.#views.offer(view, before);
      },
      onBroken: (error) =>
        logger.warn(
          { reason: error.message },
          "the watch of the members broke; going on with the last view",
        ),
    });
    this.#watch = watch;
    // It may have been lost while it was being asked for.
    if (this.#ended) await watch.close();
  }

  /**
   * Writes the silo's new state down. Rejects with `CLUSTER_UNAVAILABLE` if it is no member any
   * more, or the store is away.
   */
  async become(state: MemberState): Promise<void> {
    if (this.#member === undefined || this.#lease === undefined || this.#ended)
      throw new TroupeError("CLUSTER_UNAVAILABLE", "the silo is not a member");
    const member = { ...this.#member, state };
    if ((await this.#parts.membership.update(this.#lease, member)) === "gone") {
      this.lose();
      throw new TroupeError(
        "CLUSTER_UNAVAILABLE",
        `silo ${member.siloId} cannot become ${state}: its lease is gone`,
      );
    }
    this.#member = member;
  }

  /**
   * True while this silo may have a record: until it has taken that away, or knows that it is gone.
   */
  get isMember(): boolean {
    return this.#lease !== undefined;
  }

  /** From now on no turn starts, no outcome leaves, and the lease is not renewed any more. */
  stop(): void {
    this.#end();
  }

  /** Takes the record away. Afterwards this agent does nothing any more. */
  async leave(): Promise<void> {
    this.#end();
    const lease = this.#lease;
    this.#lease = undefined;
    await this.#watch?.close();
    if (lease !== undefined) await this.#parts.membership.remove(lease);
  }

  #end(): void {
    this.#ended = true;
    this.#renewal?.cancel();
    this.#views.stop();
    this.guard.revoke();
  }

  #confirm(sentAt: number): void {
    this.guard.confirm(sentAt, this.#parts.leaseTtlMs * (1 - MARGIN_SHARE));
  }

  #renewLater(times = RENEWALS_PER_LEASE): void {
    if (this.#ended) return;
    const { clock, leaseTtlMs } = this.#parts;
    const dueAt = clock.monotonic() + leaseTtlMs / times;
    this.#renewal = clock.schedule(leaseTtlMs / times, () => {
      this.#noteLate(clock.monotonic() - dueAt);
      void this.#renew();
    });
  }

  /** Nothing else on this silo came in time either; renewals are just there to notice it. */
  #noteLate(lateMs: number): void {
    if (lateMs < BLOCKED_MS) return;
    const fields = { event: "event_loop_blocked", lateMs: Math.round(lateMs) };
    this.#parts.logger.warn(
      fields,
      "the event loop was blocked, or the process stood still; beyond the lease it costs the silo its actors",
    );
  }

  async #renew(): Promise<void> {
    const { membership, clock, logger } = this.#parts;
    if (this.#lease === undefined) return;
    const sentAt = clock.monotonic();
    let times = RENEWALS_PER_LEASE;
    try {
      const result = await membership.renew(this.#lease);
      if (this.#ended) return;
      if (result === "gone") this.lose();
      else this.#confirm(sentAt);
      if (this.#renewalFails) logger.info({ event: "lease_renewed" }, "the lease is renewed again");
      this.#renewalFails = false;
    } catch (error) {
      const facts = {
        event: "lease_not_renewed",
        reason: messageOf(error),
        serving: this.guard.isServing(),
      };
      // Once an outage, and not at each try.
      logger[this.#renewalFails ? "debug" : "warn"](
        facts,
        "the lease could not be renewed; trying again",
      );
      this.#renewalFails = true;
      times = RETRIES_PER_LEASE;
    }
    this.#renewLater(times);
  }

  /** The record is known to be gone. */
  lose(): void {
    if (this.#ended) return;
    this.#lease = undefined;
    this.giveUp("the lease of this silo is gone: it is not a member any more");
  }

  /** This silo must act as a member no more, whether or not it has a record. */
  giveUp(why: string): void {
    if (this.#ended) return;
    this.#end();
    this.#parts.logger.error({ event: "lease_lost" }, why);
    this.#parts.onLost();
  }
}
