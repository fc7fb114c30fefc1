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

/**
 * Adds later changes of fields to those that one commit is to make, by the names of their fields.
 * What a later one takes away is not written. `keepsFirst`: each change goes on from what is
 * stored, and not from what an earlier one of the same commit has made of it.
 */
export function addChanges(
  staged: Map<string, FieldChange>,
  changes: readonly FieldChange[],
  keepsFirst: boolean,
): void {
  for (const change of changes) {
    const { field, upTo } = change;
    if (upTo !== undefined) {
      takeAway(staged, { from: field, to: upTo });
      // A field that is set later may have the name with which the range begins.
      staged.set(`${field}\0${upTo}`, change);
      continue;
    }
    const earlier = staged.get(field);
    const isFirst = earlier === undefined || !keepsFirst;
    staged.set(field, isFirst ? change : { ...change, before: earlier.before });
  }
}

/** Stores write what a commit sets, also within the ranges that it removes. */
function takeAway(
  staged: Map<string, FieldChange>,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  for (const [field, { before, after }] of staged)
    if (after !== undefined && field >= from && field < to)
      staged.set(field, { field, before, after: undefined });
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
