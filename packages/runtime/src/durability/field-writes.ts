import {
  type ActorAddress,
  type DueChange,
  type DueEntry,
  type FieldChange,
  type Fields,
  packField,
  unpackField,
} from "@troupe/core";
import type { PartRegistry } from "./part-registry.ts";

/** What a commit writes of an actor's fields. */
export interface FieldWrites {
  readonly set: ReadonlyMap<string, Uint8Array>;
  readonly remove: readonly string[];
  readonly removeRanges: readonly { readonly from: string; readonly to: string }[] | undefined;
}

/** What a commit writes for changes of fields. */
export function writesOf(changes: Iterable<FieldChange>): FieldWrites {
  const set = new Map<string, Uint8Array>();
  const remove: string[] = [];
  const ranges: { readonly from: string; readonly to: string }[] = [];
  for (const { field, before, after, upTo } of changes) {
    if (after !== undefined) set.set(field, packField(after));
    else if (upTo !== undefined) ranges.push({ from: field, to: upTo });
    else if (before !== undefined) remove.push(field);
  }
  return { set, remove, removeRanges: ranges.length === 0 ? undefined : ranges };
}

/** How the due index changes with the fields; undefined if it does not. */
export function dueChangeOf(
  address: ActorAddress,
  registry: PartRegistry,
  changes: Iterable<FieldChange>,
): DueChange | undefined {
  const add: DueEntry[] = [];
  const remove: DueEntry[] = [];
  for (const { field, before, after } of changes) {
    const from = registry.entryOf(address, field, before);
    const to = registry.entryOf(address, field, after);
    if (from?.dueAt === to?.dueAt && from?.tag === to?.tag && from?.bucket === to?.bucket) continue;
    if (from !== undefined) remove.push(from);
    if (to !== undefined) add.push(to);
  }
  return add.length + remove.length === 0 ? undefined : { add, remove };
}

/** What stands in the due index for fields as they are stored. */
export function storedEntries(
  address: ActorAddress,
  registry: PartRegistry,
  fields: Fields,
): DueEntry[] {
  const entries: DueEntry[] = [];
  for (const [field, bytes] of fields) {
    if (registry.partOf(field)?.entryOf === undefined) continue;
    const entry = registry.entryOf(address, field, unpackField(bytes));
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
