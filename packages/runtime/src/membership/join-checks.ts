import { type Member, type Refusal, TroupeError, type View } from "@troupe/core";

/**
 * Throws `BAD_DEFINITION` if an active member defines a type of `self` otherwise: then the two
 * would run the same actor by different rules.
 */
export function checkDefinitions(self: Member, view: View): void {
  for (const other of view.members) {
    if (other.siloId === self.siloId || other.state === "joining") continue;
    const types = Object.keys(self.types).filter(
      (type) => Object.hasOwn(other.types, type) && other.types[type] !== self.types[type],
    );
    if (types.length === 0) continue;
    const message = `silo ${other.siloId} at ${other.address} defines ${types.join(", ")} otherwise; start all silos with the same classes`;
    throw new TroupeError("BAD_DEFINITION", message);
  }
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
