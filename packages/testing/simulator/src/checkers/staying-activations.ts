import { Placement } from "@troupe/client";
import { parseAddress, type View } from "@troupe/core";
import type { ActivationRecord, History } from "../history.ts";
import type { CheckedRun } from "./check-history.ts";

/** Ends of activations that a change of the silos brings about. */
const FOR_THE_VIEW: ReadonlySet<ActivationRecord["event"]> = new Set([
  "moved",
  "stopping",
  "failed",
]);

/**
 * C7: while nothing but the set of silos changes, an activation stays with its silo as long as that
 * owns it.
 */
export function checkStayingActivations(history: History, { profile, views }: CheckedRun): void {
  if (profile !== "calm") return;
  const owners = new Owners(views);
  const alive = new Map<string, ActivationRecord>();
  for (const record of history.activations) {
    const { actor, siloId, event } = record;
    const key = `${actor} on ${siloId}`;
    const activated = alive.get(key);
    if (event === "activated") {
      if (activated !== undefined)
        history.violate("C7", `${key} is activated again, and nothing says why it had gone`);
      alive.set(key, record);
      continue;
    }
    alive.delete(key);
    if (FOR_THE_VIEW.has(event) && activated !== undefined) {
      if (owners.ownedThroughout(siloId, actor, [activated.revision, record.revision])) {
        history.violate("C7", `${key} ended as ${event}, though its silo owned it all the time`);
      }
    }
  }
}

class Owners {
  readonly #views: ReadonlyMap<number, View>;
  readonly #placements = new Map<number, Placement>();

  constructor(views: ReadonlyMap<number, View>) {
    this.#views = views;
  }

  ownedThroughout(
    siloId: string,
    actor: string,
    [first, last]: readonly [number, number],
  ): boolean {
    const address = parseAddress(actor);
    if (address === undefined) return false;
    for (let revision = first; revision <= last; revision++) {
      if (this.#placement(revision)?.ownerOf(address)?.siloId !== siloId) return false;
    }
    return true;
  }

  #placement(revision: number): Placement | undefined {
    const view = this.#views.get(revision);
    if (view === undefined) return undefined;
    const known = this.#placements.get(revision) ?? new Placement(view);
    this.#placements.set(revision, known);
    return known;
  }
}
