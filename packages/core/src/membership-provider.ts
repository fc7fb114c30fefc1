import type { InForceByType } from "./in-force.ts";
import type { Member, View } from "./member.ts";

/** A member's registration, as its provider knows it. Only the provider that gave it reads it. */
export interface Lease {
  readonly siloId: string;
  readonly ttlMs: number;
}

/** Who is told of views. */
export interface ViewListener {
  /**
   * Each view once, in order of revision, none invented. Several changes may arrive as one view.
   *
   * `before` is the revision of the view right before this one: there never was one between. It is
   * undefined if the provider cannot tell, for example after a break. It does not have to be one
   * that this listener was given.
   */
  onView(view: View, before?: number): void;
  /**
   * The watch broke; the provider goes on trying, and the next `onView` says that it is whole
   * again.
   */
  onBroken(error: Error): void;
}

/** A watch of views. No view comes after `close` has resolved. */
export interface ViewWatch {
  close(): Promise<void>;
}

/**
 * Where the members of a cluster are written down: one record a silo, under a lease.
 *
 * - A record disappears by itself when its lease was not renewed for `ttlMs`, and not sooner,
 *   except by `remove` or `evict`.
 * - The lease's time counts from no earlier than the moment `register` or `renew` was called, so a
 *   caller that counts from its call is never wrong in the dangerous direction.
 * - Beside them it keeps which definition of each actor type is in force.
 * - Every change of any record makes a new, higher revision. The first one is the wall clock at the
 *   moment the membership was made, or higher, so one that was lost and made anew counts on.
 *
 * Every method but `watch` settles within seconds; when the store is away it rejects with
 * `CLUSTER_UNAVAILABLE`.
 */
export interface MembershipProvider {
  /** Writes the member under a new lease, in one step. */
  register(member: Member, ttlMs: number): Promise<Lease>;
  /**
   * Gives the lease its full time again; `"gone"` means that it has expired or was removed, for
   * good.
   */
  renew(lease: Lease): Promise<"alive" | "gone">;
  /** Replaces the member's record under its lease. */
  update(lease: Lease, member: Member): Promise<"done" | "gone">;
  /** Takes the record away at once. Removing what is gone is harmless. */
  remove(lease: Lease): Promise<void>;
  /** Takes another silo's record away, if it is still the same registration. */
  evict(siloId: string): Promise<"evicted" | "gone">;
  /**
   * Writes which definitions are in force, at most `IN_FORCE_AT_ONCE`, in one step and one view:
   * all if each is the change after the one that is written down, or else none. These records
   * belong to no member and stay when all are gone.
   */
  putInForce(next: InForceByType): Promise<"done" | "changed">;
  /** The current view. */
  list(): Promise<View>;
  /**
   * The id of this membership: `suggested` if nobody has asked before, and the same for everybody
   * from then on. A membership that was lost, or another one, has another id.
   */
  identity(suggested: string): Promise<string>;
  /** Every later view gets a revision that is not below this one. */
  raise(revision: number): Promise<void>;
  /**
   * Calls the listener with the current view first, then with every later one. Resolves when the
   * first one was given.
   */
  watch(listener: ViewListener): Promise<ViewWatch>;
  close(): Promise<void>;
}
