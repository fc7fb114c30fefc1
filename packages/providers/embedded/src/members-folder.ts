import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncFolder, writeOnce } from "./folder-format.ts";
import { notePlace, refuseCopy } from "./members-place.ts";

/** Where the members of this run of the machine are kept. */
export interface MembersFolder {
  readonly path: string;
  /** The first revision of this run; higher than every one of an earlier run. */
  readonly base: number;
}

const PREFIX = "members-";
const BOOT_ID = "boot-id";
const BASE = "base";

/**
 * Revisions of one run of the machine: more than can be used. So a run that begins while the wall
 * clock is behind has higher ones than the run before.
 */
const REVISIONS_PER_BOOT = 100_000_000;

/** What earlier versions counted for a run; they kept no base, and their first one was 0. */
const REVISIONS_PER_OLD_BOOT = 1_000_000_000;

/** An id for systems that do not tell one run from another: all runs then count as one. */
export const UNKNOWN_BOOT = "unknown";

/**
 * The folder for the members of this run of the machine, made if it is not there. Those of earlier
 * runs are removed: no process that could be named in them exists any more. The number of the run
 * survives a loss of power. A run's first revision is the wall clock, so that a folder that was
 * lost counts on. Throws `BAD_CONFIG` if the folder is a copy of one of this run.
 */
export function openMembersFolder(folder: string, bootId: string, now: number): MembersFolder {
  for (;;) {
    const boots = listBoots(folder);
    const latest = boots.at(-1);
    if (latest !== undefined && readBoot(folder, latest) === bootId) {
      refuseCopy(folder, join(folder, PREFIX + latest));
      for (const boot of boots.slice(0, -1))
        rmSync(join(folder, PREFIX + boot), { recursive: true, force: true });
      return { path: join(folder, PREFIX + latest), base: readBase(folder, latest) };
    }
    const least = latest === undefined ? 0 : readBase(folder, latest) + REVISIONS_PER_BOOT;
    const base = Math.max(Math.floor(now), least);
    createBoot(folder, latest === undefined ? 0 : latest + 1, { bootId, base });
  }
}

function listBoots(folder: string): readonly number[] {
  const numbers = readdirSync(folder).flatMap((name) => /^members-(\d+)$/.exec(name)?.[1] ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

function readBase(folder: string, boot: number): number {
  const base = Number(readText(folder, boot, BASE) ?? Number.NaN);
  return Number.isSafeInteger(base) ? base : boot * REVISIONS_PER_OLD_BOOT;
}

function readBoot(folder: string, boot: number): string | undefined {
  return readText(folder, boot, BOOT_ID);
}

function readText(folder: string, boot: number, name: string): string | undefined {
  try {
    return readFileSync(join(folder, PREFIX + boot, name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Makes the folder of a run whole before it gets its name. If another process was first, its folder
 * stays.
 */
function createBoot(
  folder: string,
  boot: number,
  { bootId, base }: { readonly bootId: string; readonly base: number },
): void {
  const draft = join(folder, `.${PREFIX}${boot}-${process.pid}`);
  mkdirSync(draft, { recursive: true });
  writeOnce(draft, BASE, String(base));
  notePlace(folder, draft);
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
