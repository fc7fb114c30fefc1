import type { Placement } from "@troupe/client";
import { type ActorAddress, formatAddress, type Member, type ReleasedEnvelope } from "@troupe/core";

/**
 * Views that may be unsettled at the same time before this silo stops to remember who owned what
 * in them.
 */
const HISTORY_MAX = 32;

/**
 * Actors that a silo says it still holds; with more than these it says nothing until there are
 * fewer.
 */
const HOLDING_MAX = 10_000;

interface Release {
  readonly revision: number;
  readonly holding: ReadonlySet<string>;
}

/** A view since the last settled one, and whether the next one in the history followed it. */
interface PastView {
  readonly placement: Placement;
  /** There may have been views behind this one of which this silo knows nothing. */
  readonly isBeforeGap: boolean;
}

/**
 * When views change: what this silo may activate, and what it has let go.
 *
 * HAND-1. A silo *releases* a view R when it has adopted R and runs nothing any more that it does
 *     not own in R. It says so to all members, at once to those that may wait for it (HEIR-1), with
 *     the actors that it still holds because a turn of theirs has not ended.
 * HAND-2. An actor that is owned in R is activated when every other member *that may have had it*
 *     has released R itself without holding the actor (C1). The release of a later view does not
 *     count: the silo that sent it may have skipped R, and own the actor again. A release of R
 *     counts although its sender goes on to later views: there it has to wait for this silo.
 * HAND-3. A view is *settled* here when every member has released it and holds nothing. Those that
 *     may have had an actor are its owners in the history: the last settled view, the current one,
 *     and all views between. No other silo has to be waited for (C7), for example one that hangs.
 * HAND-4. The history has a *gap* where this silo does not know of all views. Behind a view in
 *     which it owned the actor itself, a gap does no harm: in the gap, an owner would have needed
 *     this silo's release. Behind any other view nobody can tell who had the actor, so every member
 *     has to release R. The same holds when the history has grown too long, and for a silo that
 *     has just joined, because the views before its first one are a gap.
 * HAND-5. A silo that is not a member has released everything: its lease is over, and it stopped
 *     before that. One that is joining has never owned anything.
 *
 * Why two silos never have an actor at the same time. Let S activate it in view R, and then X in
 * view Q, while S has it.
 * 1. R < Q. The settled view from which X counts is either not behind R, and then R is in X's
 *    history, so X waited for S; or it is behind R, and then S has released it. If S has the actor
 *    still, S owned it in that view, so X waited for S.
 * 2. R > Q. The settled view from which S counts is not behind Q, or X would have released it and
 *    be past Q. So Q is in S's history, and S waited until X had released R: X is past Q.
 * 3. With gaps. If R lies in a gap of X, X owned the actor in the view before the gap and adopted
 *    nothing in it. S, in R, knows that view, so it waited for a release of X that X never gave; or
 *    S has a gap there, too, and owned the actor in a view before that. The same question comes up
 *    for this earlier view with the roles changed. Views do not go on for ever downwards: none of
 *    these gaps holds a settled view, since the silo with the gap has released none there. So at
 *    the end one of the two knows a view in which the other owned the actor, and waited.
 */
export class Handoff {
  readonly #siloId: string;
  #current: Placement;
  /**
   * The views since the last settled one, that one first (HAND-3). Undefined while they are not
   * known from there on.
   */
  #earlier: PastView[] | undefined;
  /** What each silo that has released the current view held then. It stays true. */
  readonly #releases = new Map<string, ReadonlySet<string>>();
  /** The latest release of each silo that is ahead of this one. */
  readonly #later = new Map<string, Release>();
  /** Actors that this silo does not own and has not yet let go. */
  readonly #holding = new Set<string>();
  /** The members that have not released the current view, or still hold something of it. */
  readonly #unreleased = new Set<string>();
  /** Whose actors this silo may have got; undefined until somebody asks, "any" if nobody knows. */
  #donors: ReadonlySet<string> | "any" | undefined;
  /** No donor has anything any more. It stays true until the next view. */
  #inherited = false;
  /** What is to be said; undefined when it has to be put together anew. */
  #saying: ReleasedEnvelope | undefined;

  constructor(siloId: string, placement: Placement) {
    this.#siloId = siloId;
    this.#current = placement;
    this.#await();
  }

  /**
   * This silo has adopted a view. `passed` are the views between its last one and this, which it
   * has not adopted; undefined if it does not know them all.
   */
  setPlacement(placement: Placement, passed: readonly Placement[] | undefined): void {
    if (this.isSettled) this.#earlier = [];
    this.#earlier?.push({ placement: this.#current, isBeforeGap: passed === undefined });
    for (const one of passed ?? []) this.#earlier?.push({ placement: one, isBeforeGap: false });
    if (this.#earlier !== undefined && this.#earlier.length > HISTORY_MAX)
      this.#earlier = undefined;
    this.#current = placement;
    this.#donors = undefined;
    this.#inherited = false;
    this.#saying = undefined;
    this.#releases.clear();
    for (const [siloId, { revision, holding }] of this.#later) {
      if (revision > placement.revision) continue;
      this.#later.delete(siloId);
      if (revision === placement.revision) this.#releases.set(siloId, holding);
    }
    this.#await();
  }

  /** Another silo has released a view. */
  setReleased(siloId: string, { revision, holding }: ReleasedEnvelope): void {
    if (revision < Math.max(this.#current.revision, this.#later.get(siloId)?.revision ?? 0)) return;
    const held = new Set(holding);
    if (revision > this.#current.revision) this.#later.set(siloId, { revision, holding: held });
    else this.#take(siloId, held);
  }

  /** True if no member holds anything that it does not own in the current view. */
  get isSettled(): boolean {
    return this.#unreleased.size === 0;
  }

  /** How many views may not be settled yet, with the last one that is; undefined beyond a limit. */
  get unsettled(): number | undefined {
    return this.#earlier?.length;
  }

  /** True if no other silo may have an actor any more that this one owns in the current view. */
  get hasInherited(): boolean {
    if (this.isSettled || this.#inherited) return true;
    this.#donors ??= this.#findDonors();
    if (this.#donors === "any") return false;
    for (const siloId of this.#unreleased) if (this.#donors.has(siloId)) return false;
    this.#inherited = true;
    return true;
  }

  /** True if this silo, which owns the actor, may activate it now (HAND-2). */
  mayActivate(address: ActorAddress): boolean {
    if (this.isSettled) return true;
    const key = formatAddress(address);
    const holders = this.#possibleHolders(address, key);
    return this.#current.view.members.every(
      ({ siloId, state }) =>
        state === "joining" ||
        (holders !== undefined && !holders.has(siloId)) ||
        this.#hasReleased(siloId, key),
    );
  }

  /** This silo must let go of the actor and has not yet. */
  hold(address: ActorAddress): void {
    this.#holding.add(formatAddress(address));
    this.#saying = undefined;
  }

  /** True if the actor was held: then the others should hear of it. */
  letGo(address: ActorAddress): boolean {
    this.#saying = undefined;
    return this.#holding.delete(formatAddress(address));
  }

  /**
   * What to say to the other members, or undefined while this silo holds too much. It is the same
   * object for as long as it says the same.
   */
  get release(): ReleasedEnvelope | undefined {
    if (this.#holding.size > HOLDING_MAX) return undefined;
    const { revision } = this.#current;
    this.#saying ??= { kind: "released", revision, holding: [...this.#holding] };
    return this.#saying;
  }

  /** How many actors this silo holds that it does not own. */
  get held(): number {
    return this.#holding.size;
  }

  /** The owners in the history (HAND-3), or undefined if any member may have it (HAND-4). */
  #possibleHolders(address: ActorAddress, key: string): ReadonlySet<string> | undefined {
    if (this.#earlier === undefined) return undefined;
    const holders = new Set<string>();
    for (const { placement, isBeforeGap } of this.#earlier) {
      const owner = placement.ownerOf(address, key)?.siloId;
      if (isBeforeGap && owner !== this.#siloId) return undefined;
      if (owner !== undefined) holders.add(owner);
    }
    return holders;
  }

  /** The owners in the history of what this silo owns now (HAND-3), "any" if any member may be. */
  #findDonors(): ReadonlySet<string> | "any" {
    const donors = new Set<string>();
    for (const { placement, isBeforeGap } of this.#earlier ?? []) {
      const owners = this.#current.heirsOf(this.#siloId, placement);
      if (isBeforeGap || owners === undefined) return "any";
      for (const owner of owners) donors.add(owner);
    }
    return this.#earlier === undefined ? "any" : donors;
  }

  #hasReleased(siloId: string, key: string): boolean {
    if (siloId === this.#siloId) return true;
    const holding = this.#releases.get(siloId);
    return holding !== undefined && !holding.has(key);
  }

  #take(siloId: string, holding: ReadonlySet<string>): void {
    this.#releases.set(siloId, holding);
    if (holding.size === 0) this.#unreleased.delete(siloId);
    else if (this.#isAwaited(this.#current.member(siloId))) this.#unreleased.add(siloId);
  }

  /** For whom this silo waits in the view that it has adopted. */
  #await(): void {
    this.#unreleased.clear();
    for (const member of this.#current.view.members)
      if (this.#isAwaited(member) && this.#releases.get(member.siloId)?.size !== 0)
        this.#unreleased.add(member.siloId);
  }

  #isAwaited(member: Member | undefined): boolean {
    return member !== undefined && member.state !== "joining" && member.siloId !== this.#siloId;
  }
}
