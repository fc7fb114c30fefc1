import { TroupeError, type View } from "@troupe/core";

/** The names of the actor types that silos of the view host, in order. */
export function hostedTypes({ members }: View): readonly string[] {
  return [...new Set(members.flatMap(({ types }) => Object.keys(types)))].toSorted();
}

/** Throws `NO_SUCH_ACTOR_TYPE` if no silo hosts the type. */
export function checkType(view: View, type: string): void {
  const known = hostedTypes(view);
  if (known.includes(type)) return;
  throw new TroupeError(
    "NO_SUCH_ACTOR_TYPE",
    `no silo hosts the actor type ${type}; the types are ${known.join(", ")}`,
  );
}
