import type { Placement } from "@troupe/client";
import { type ActorAddress, formatAddress, type ReleasedEnvelope } from "@troupe/core";

/**
 * Views that may be unsettled at the same time before this silo stops to remember what it owned in
 * them.
 */
const HISTORY_MAX = 32;

/**
 * Actors that a silo says it still holds; with more than these it says nothing until there are
 * fewer.
 */
const HOLDING_MAX = 10_000;

/**
 * When views change: what this silo may activate, and what it has let go.
 *
 * H1. A silo *releases* a view R when it has adopted R and runs nothing any more that it does not
 *     own in R. It says so to all members, with the actors that it still holds because a turn of
 *     theirs has not ended.
 * H2. An actor that is owned in R is activated when every other member has released R itself and
 *     does not hold the actor (C1). A release of a later view does not count: whoever released it
 *     may own the actor again by then.
 * H3. It is also activated when this silo owned it in each view that it had since one in which all
 *     was settled: then nobody can have activated it, for lack of this silo's release, even in a
 *     view that this silo never saw.
 * H4. A silo that is no member has released everything: its lease is over, and it stopped before
 *     that. One that is joining has never owned anything.
 */
export class Handoff {
  readonly #siloId: string;
  #current: Placement;
  /**
   * The views since the last settled one, that one first. Undefined while it is not known what this
   * silo owned in them all.
   */
  #earlier: Placement[] | undefined;
  #isSettled = false;
  readonly #releases = new Map<
    string,
    { readonly revision: number; readonly holding: ReadonlySet<string> }
  >();
  /** Actors that this silo does not own and has not yet let go. */
  readonly #holding = new Set<string>();

  constructor(siloId: string, placement: Placement) {
    this.#siloId = siloId;
    this.#current = placement;
    this.#checkSettled();
  }

  /** This silo has adopted a view. */
  setPlacement(placement: Placement): void {
    if (this.#isSettled) this.#earlier = [];
    this.#earlier?.push(this.#current);
    if (this.#earlier !== undefined && this.#earlier.length > HISTORY_MAX)
      this.#earlier = undefined;
    this.#current = placement;
    for (const [siloId, { revision }] of this.#releases) {
      // Whoever released a later view may be a member in that one.
      if (placement.member(siloId) === undefined && revision <= placement.revision)
        this.#releases.delete(siloId);
    }
    this.#checkSettled();
  }

  /** Another silo has released a view. */
  setReleased(siloId: string, { revision, holding }: ReleasedEnvelope): void {
    if (revision < (this.#releases.get(siloId)?.revision ?? 0)) return;
    this.#releases.set(siloId, { revision, holding: new Set(holding) });
    this.#checkSettled();
  }

  /** True if no member holds anything that it does not own in the current view. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** True if this silo, which owns the actor, may activate it now. */
  mayActivate(address: ActorAddress): boolean {
    if (this.#isSettled) return true;
    const { members } = this.#current.view;
    if (
      members.every(
        ({ siloId, state }) =>
          state === "joining" || this.#hasReleased(siloId, formatAddress(address)),
      )
    )
      return true;
    return (
      this.#earlier?.every((placement) => placement.ownerOf(address)?.siloId === this.#siloId) ===
      true
    );
  }

  /** This silo must let go of the actor and has not yet. */
  hold(address: ActorAddress): void {
    this.#holding.add(formatAddress(address));
  }

  /** True if the actor was held: then the others should hear of it. */
  letGo(address: ActorAddress): boolean {
    return this.#holding.delete(formatAddress(address));
  }

  /** What to say to the other members, or undefined while this silo holds too much. */
  get release(): ReleasedEnvelope | undefined {
    if (this.#holding.size > HOLDING_MAX) return undefined;
    return { kind: "released", revision: this.#current.revision, holding: [...this.#holding] };
  }

  /** How many actors this silo holds that it does not own. */
  get held(): number {
    return this.#holding.size;
  }

  #hasReleased(siloId: string, key?: string): boolean {
    if (siloId === this.#siloId) return true;
    const release = this.#releases.get(siloId);
    if (release === undefined || release.revision !== this.#current.revision) return false;
    return key === undefined ? release.holding.size === 0 : !release.holding.has(key);
  }

  #checkSettled(): void {
    const { members } = this.#current.view;
    this.#isSettled = members.every(
      ({ siloId, state }) => state === "joining" || this.#hasReleased(siloId),
    );
  }
}
