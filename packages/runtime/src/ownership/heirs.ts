import type { Placement } from "@troupe/client";

/** With more unsettled views than this everybody is told. */
const VIEWS_MAX = 8;

/** Views behind the current one that are looked at, though this silo has seen them settle. */
const VIEWS_MIN = 3;

/**
 * Which silos are to hear at once what this silo has released.
 *
 * HEIR-1. A silo that owns something now which this silo owned in one of the last views, which may
 *     not be settled there: it waits for this silo before it activates that (HAND-2).
 * HEIR-2. A silo that was not active in all of the unsettled views: it may not know of them, and
 *     then it waits for everybody (HAND-4).
 * HEIR-3. Every silo, if this one does not know the last views itself, or if more than it keeps are
 *     unsettled.
 *
 * So one silo that comes or goes makes a few messages for each of the others, and not one for each
 * pair. All others only wait to settle (HAND-3), and hear of it when their link is probed. Whom
 * this names decides how soon a silo may activate an actor, and never whether: that depends on
 * what it has heard.
 */
export class Heirs {
  readonly #siloId: string;
  /** The last views and the current one; undefined stands for a gap. */
  #views: (Placement | undefined)[] = [];
  #named: ReadonlySet<string> | "all" = "all";

  constructor(siloId: string) {
    this.#siloId = siloId;
  }

  /**
   * A view was adopted; `passed` are those between the last one and this, undefined if they are not
   * known. `unsettled` is how many views may not be settled yet, undefined if nobody can tell.
   */
  setPlacement(
    placement: Placement,
    passed: readonly Placement[] | undefined,
    unsettled: number | undefined,
  ): void {
    // Before its first view this silo owned nothing, so what it does not know there does no harm.
    const between = this.#views.length === 0 ? [] : (passed ?? [undefined]);
    this.#views = [...this.#views, ...between, placement].slice(-1 - VIEWS_MAX);
    const isKnown = unsettled !== undefined && unsettled <= VIEWS_MAX;
    this.#named = isKnown ? this.#find(placement, unsettled) : "all";
  }

  has(siloId: string): boolean {
    return this.#named === "all" || this.#named.has(siloId);
  }

  #find(current: Placement, unsettled: number): ReadonlySet<string> | "all" {
    const found = new Set<string>();
    const last = this.#views.slice(-1 - Math.max(unsettled, VIEWS_MIN), -1);
    for (const [index, view] of last.entries()) {
      const heirs = view?.heirsOf(this.#siloId, current);
      if (view === undefined || heirs === undefined) return "all";
      for (const heir of heirs) found.add(heir);
      if (index < last.length - unsettled) continue;
      for (const { siloId, state } of current.view.members)
        if (state === "active" && view.member(siloId)?.state !== "active") found.add(siloId);
    }
    found.delete(this.#siloId);
    return found;
  }
}
