import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { TroupeError } from "@troupe/core";
import { writeOnce } from "./folder-format.ts";

const PLACE = "place";

/** Where a folder is, and which of the disk's it is. */
interface Place {
  readonly path: string;
  readonly inode: string;
}

/** Notes, in the folder of a run's members, which folder that is a part of. */
export function notePlace(folder: string, members: string): void {
  writeOnce(members, PLACE, JSON.stringify(placeOf(folder)));
}

/**
 * Throws `BAD_CONFIG` if the folder is a copy: the members that stand in it are those of the folder
 * that it was copied from, and its silos would join them. A folder that was renamed, or is seen
 * under another name, is none; nor is one that older versions have made.
 */
export function refuseCopy(folder: string, members: string): void {
  const noted = readPlace(members);
  const { path, inode } = placeOf(folder);
  if (noted === undefined || noted.path === path || noted.inode === inode) return;
  throw new TroupeError(
    "BAD_CONFIG",
    `the folder ${folder} is a copy of ${noted.path}, and names the silos of that as its own; stop those silos if they should not go on, and remove ${members} to make the copy a cluster of its own`,
  );
}

function placeOf(folder: string): Place {
  const { dev, ino } = statSync(folder, { bigint: true });
  return { path: realpathSync(folder), inode: `${dev}:${ino}` };
}

function readPlace(members: string): Partial<Place> | undefined {
  try {
    return Object(JSON.parse(readFileSync(join(members, PLACE), "utf8"))) as Partial<Place>;
  } catch {
    return undefined;
  }
}
