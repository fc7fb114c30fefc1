import type { ActorAddress, DueChange, FieldChange, Fields } from "@troupe/core";
import { dueChangeOf, type FieldWrites, storedEntries, writesOf } from "./field-writes.ts";
import type { PartRegistry } from "./part-registry.ts";

/** What is written when an actor is destroyed. */
export interface ActorEnd {
  readonly writes: FieldWrites;
  readonly due: DueChange | undefined;
  /** True if no field is left: then the store may forget the actor. */
  readonly isEmpty: boolean;
}

/**
 * The end of an actor of which `stored` is in the store and `staged` was about to be: all of it
 * goes, but for parts that outlive the actor.
 */
export function endOf(
  address: ActorAddress,
  registry: PartRegistry,
  fields: { readonly stored: Fields; readonly staged: ReadonlyMap<string, FieldChange> },
): ActorEnd {
  const outlives = (field: string): boolean => registry.partOf(field)?.outlivesActor === true;
  const staying = [...fields.staged].flatMap(([field, change]) => (outlives(field) ? change : []));
  const leaving = new Map([...fields.stored].filter(([field]) => !outlives(field)));
  const writes = writesOf(staying);
  const change = dueChangeOf(address, registry, staying);
  const add = change?.add ?? [];
  const remove = [...(change?.remove ?? []), ...storedEntries(address, registry, leaving)];
  return {
    writes: { ...writes, remove: [...writes.remove, ...leaving.keys()] },
    due: add.length + remove.length === 0 ? undefined : { add, remove },
    isEmpty:
      writes.set.size === 0 &&
      [...fields.stored.keys()].every(
        (field) => leaving.has(field) || writes.remove.includes(field),
      ),
  };
}
