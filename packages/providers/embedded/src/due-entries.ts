import type { DueEntry } from "@troupe/core";
import type { Database } from "lmdb";
import { dueKey } from "./due-key.ts";
import type { Environment } from "./environment.ts";

/** The key says everything. */
const NOTHING = Buffer.alloc(0);

/** The entries of the due index in an lmdb environment: keys without values. */
export type DueEntries = Database<Buffer, Buffer>;

export function openDueEntries({ root }: Environment): DueEntries {
  return root.openDB<Buffer, Buffer>({
    name: "troupe-due",
    keyEncoding: "binary",
    encoding: "binary",
  });
}

/** To be called inside of a write. */
export function putEntry(entries: DueEntries, entry: DueEntry): void {
  void entries.put(dueKey(entry), NOTHING);
}

/** To be called inside of a write. */
export function removeEntry(entries: DueEntries, entry: DueEntry): void {
  void entries.remove(dueKey(entry));
}
