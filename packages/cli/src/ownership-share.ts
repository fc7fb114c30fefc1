import { Placement } from "@troupe/client";
import type { View } from "@troupe/core";

/** Ids that are placed for each type: enough to be right to about one in a hundred. */
const SAMPLES = 4_096;

/**
 * The part of all actors that each silo of the view owns, from 0 to 1; every type counts the same.
 */
export function ownershipShares(view: View): ReadonlyMap<string, number> {
  const placement = new Placement(view);
  const types = [...new Set(view.members.flatMap((member) => Object.keys(member.types)))];
  const owned = new Map(view.members.map((member) => [member.siloId, 0]));
  let placed = 0;
  for (const type of types) {
    for (let sample = 0; sample < SAMPLES; sample++) {
      const owner = placement.ownerOf({ type, id: String(sample) });
      if (owner === undefined) continue;
      owned.set(owner.siloId, (owned.get(owner.siloId) ?? 0) + 1);
      placed++;
    }
  }
  return new Map([...owned].map(([siloId, count]) => [siloId, placed === 0 ? 0 : count / placed]));
}
