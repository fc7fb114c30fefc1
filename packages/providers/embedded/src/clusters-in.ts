import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Only a silo makes these in the folder of its cluster. */
const MADE_BY_SILOS = ["membership-id", "state"];

/** The clusters that have had a silo in the folder. It does not have to be there. */
export function clustersIn(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => MADE_BY_SILOS.some((made) => existsSync(join(folder, name, made))))
    .toSorted();
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
