import type { DueChange, DueEntry } from "@troupe/core";
import type { Database } from "lmdb";
import { dueKey } from "./due-key.ts";
import type { Root } from "./environment.ts";

/** The key says everything. */
const NOTHING = Buffer.alloc(0);

/** The entries of the due index: keys without a value (see `due-key.ts`). */
export type DueTable = Database<Buffer, Buffer>;

/** The same table for both stores, so that a commit can change it in its own transaction. */
export function openDueTable(root: Root): DueTable {
  return root.openDB<Buffer, Buffer>({
    name: "troupe-due",
    keyEncoding: "binary",
    encoding: "binary",
  });
}

export function putEntries(table: DueTable, entries: readonly DueEntry[]): void {
  for (const entry of entries) void table.put(dueKey(entry), NOTHING);
}

export function removeEntries(table: DueTable, entries: readonly DueEntry[]): void {
  for (const entry of entries) void table.remove(dueKey(entry));
}

/** Within the transaction of a commit. */
export function changeEntries(table: DueTable, { add, remove }: DueChange): void {
  putEntries(table, add);
  removeEntries(table, remove);
}
