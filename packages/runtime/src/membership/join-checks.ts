import {
  isSamePlacement,
  type Member,
  type Refusal,
  TroupeError,
  type TypeAdvert,
  type View,
} from "@troupe/core";

/**
 * Throws `BAD_DEFINITION` if an active member defines a type of `self` otherwise, or places it
 * otherwise: then the two would run the same actor by different rules, or both own it.
 */
export function checkDefinitions(self: Member, view: View): void {
  for (const other of view.members) {
    if (other.siloId === self.siloId || other.state === "joining") continue;
    const where = `silo ${other.siloId} at ${other.address}`;
    const defined = differing(self, other, (own, theirs) => own.digest === theirs.digest);
    if (defined.length > 0) {
      const message = `${where} defines ${defined.join(", ")} otherwise; start all silos with the same classes`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
    const placed = differing(self, other, (own, theirs) =>
      isSamePlacement(own.placement, theirs.placement),
    );
    if (placed.length > 0) {
      const message = `${where} places ${placed.join(", ")} otherwise; give the type the same placement on all silos`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
  }
}

/** The types that both host and of which their adverts are not the same. */
function differing(
  self: Member,
  other: Member,
  isSame: (own: TypeAdvert, theirs: TypeAdvert) => boolean,
): string[] {
  return Object.entries(self.types)
    .filter(([type, own]) => {
      const theirs = Object.hasOwn(other.types, type) ? other.types[type] : undefined;
      return theirs !== undefined && !isSame(own, theirs);
    })
    .map(([type]) => type);
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
