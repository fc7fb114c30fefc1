import {
  inForceOf,
  isSamePlacement,
  type Member,
  type Refusal,
  TroupeError,
  type TypeAdvert,
  type View,
} from "@troupe/core";

/**
 * Throws `BAD_DEFINITION` if a definition of `self` can neither be in force nor wait for it: it
 * differs from an active member's in what cannot differ, or a later version has stored state.
 */
export function checkDefinitions(self: Member, view: View): void {
  for (const [type, own] of Object.entries(self.types)) {
    const leastVersion = inForceOf(view, type)?.leastVersion ?? 0;
    if (own.version < leastVersion) {
      const message = `state of ${type} was stored by version ${leastVersion}, and this silo has version ${own.version}; deploy version ${leastVersion} or a later one, whose migrate may go back`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
  }
  for (const other of view.members) {
    if (other.siloId === self.siloId || other.state === "joining") continue;
    const where = `silo ${other.siloId} at ${other.address}`;
    for (const [type, own] of Object.entries(self.types)) {
      const theirs = Object.hasOwn(other.types, type) ? other.types[type] : undefined;
      const clash = theirs && clashOf(type, own, theirs);
      if (clash !== undefined) throw new TroupeError("BAD_DEFINITION", `${where} ${clash}`);
    }
  }
}

/** What two definitions of a type differ in that cannot differ; undefined if nothing. */
function clashOf(type: string, own: TypeAdvert, theirs: TypeAdvert): string | undefined {
  if (own.digest === theirs.digest) {
    if (isSamePlacement(own.placement, theirs.placement)) return undefined;
    return `places ${type} otherwise; give the type the same placement on all silos, or another version`;
  }
  if (theirs.reentrancy === undefined)
    return `defines ${type} otherwise, and its version of Troupe cannot run beside another definition; start all silos with the same classes`;
  if (own.version !== theirs.version || own.reentrancy === theirs.reentrancy) return undefined;
  return `has ${type} with reentrancy ${theirs.reentrancy}, and this silo with ${own.reentrancy}; give the class a higher version`;
}

/** The active members that a joining silo has no link with yet. */
export function unlinked(self: Member, view: View, hasLink: (siloId: string) => boolean): Member[] {
  return view.members.filter(
    ({ siloId, state }) => siloId !== self.siloId && state === "active" && !hasLink(siloId),
  );
}

/** Why a joining silo gives up; `refusal` is why it has not let one of the others in. */
export function notLinked(
  self: Member,
  missing: readonly Member[],
  refusal: Refusal | undefined,
): TroupeError {
  const others = missing.map(({ siloId, address }) => `${siloId} at ${address}`).join(", ");
  if (refusal !== undefined) {
    const why = `silo ${self.siloId} has no link with ${others}: ${refusal.message}; all silos need the same tokens.silo (or token)`;
    return new TroupeError(refusal.code, why);
  }
  const message = `silo ${self.siloId} has no link with ${others}; check that they can reach ${self.address} and that this machine can reach them`;
  return new TroupeError("CLUSTER_UNAVAILABLE", message);
}
