import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncFolder, writeOnce } from "./folder-format.ts";

/** Where the members of this run of the machine are kept. */
export interface MembersFolder {
  readonly path: string;
  /**
   * How often the machine started while the folder was in use; higher than that of every earlier
   * run.
   */
  readonly boot: number;
}

const PREFIX = "members-";
const BOOT_ID = "boot-id";

/** An id for systems that do not tell one run from another: all runs then count as one. */
export const UNKNOWN_BOOT = "unknown";

/**
 * The folder for the members of this run of the machine, made if it is not there. Those of earlier
 * runs are removed: no process that could be named in them exists any more. The number of the run
 * survives a loss of power.
 */
export function openMembersFolder(folder: string, bootId: string): MembersFolder {
  for (;;) {
    const boots = listBoots(folder);
    const latest = boots.at(-1);
    if (latest !== undefined && readBoot(folder, latest) === bootId) {
      for (const boot of boots.slice(0, -1))
        rmSync(join(folder, PREFIX + boot), { recursive: true, force: true });
      return { path: join(folder, PREFIX + latest), boot: latest };
    }
    createBoot(folder, latest === undefined ? 0 : latest + 1, bootId);
  }
}

function listBoots(folder: string): readonly number[] {
  const numbers = readdirSync(folder).flatMap((name) => /^members-(\d+)$/.exec(name)?.[1] ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

function readBoot(folder: string, boot: number): string | undefined {
  try {
    return readFileSync(join(folder, PREFIX + boot, BOOT_ID), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Makes the folder of a run whole before it gets its name. If another process was first, its folder
 * stays.
 */
function createBoot(folder: string, boot: number, bootId: string): void {
  const draft = join(folder, `.${PREFIX}${boot}-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  writeOnce(draft, BOOT_ID, bootId);
  try {
    renameSync(draft, join(folder, PREFIX + boot));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "EPERM") throw error;
    rmSync(draft, { recursive: true, force: true });
  }
  syncFolder(folder);
}
