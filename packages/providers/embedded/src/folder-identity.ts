import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdentifyMode } from "@troupe/core";
import { syncFolder, writeOnce } from "./folder-format.ts";

/** The id of the membership that lives in the folder. */
export const MEMBERSHIP_ID = "membership-id";

/** The id of the membership whose actors are stored in the folder. */
export const STORED_FOR = "stored-for";

/**
 * Notes an id in a file of the folder, with `keep` only if none is noted yet, and gives the one
 * that is noted then. The note survives any crash, and of several processes one is first.
 */
export function noteIdentity(
  folder: string,
  name: typeof MEMBERSHIP_ID | typeof STORED_FOR,
  note: { readonly id: string; readonly mode: IdentifyMode },
): string {
  if (note.mode === "replace") {
    const draft = join(folder, `.${name}-${process.pid}`);
    writeFileSync(draft, note.id, { flush: true });
    renameSync(draft, join(folder, name));
    syncFolder(folder);
  } else writeOnce(folder, name, note.id);
  return readFileSync(join(folder, name), "utf8");
}
