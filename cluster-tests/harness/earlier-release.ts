import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf } from "@troupe/core";

/**
 * The commit whose silos have to work together with those of today: the last release, once there
 * is one. Until then it is the last commit before silos had adverts and definitions in force.
 */
export const EARLIER_COMMIT = "839fbf3b";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const run = promisify(execFile);

export interface EarlierRelease {
  /** Its command `troupe`. */
  readonly command: string;
  /** Its module of the cluster tests' actors. */
  readonly actors: string;
}

/**
 * Builds the earlier release once, and keeps it in the folder for temporary files. It takes a
 * minute, and the package registry. Rejects if this clone does not have the commit.
 */
export async function earlierRelease(report: (text: string) => void): Promise<EarlierRelease> {
  const folder = join(tmpdir(), `troupe-release-${EARLIER_COMMIT}`);
  const mark = join(folder, ".built");
  if (!existsSync(mark)) {
    report(`building ${EARLIER_COMMIT} in ${folder}`);
    await build(folder);
    writeFileSync(mark, "");
  }
  return {
    command: join(folder, "packages/troupe/bin/troupe.js"),
    actors: join(folder, "cluster-tests/actors/index.ts"),
  };
}

async function build(folder: string): Promise<void> {
  const draft = mkdtempSync(`${folder}-`);
  const archive = `${draft}.tar`;
  try {
    await run("git", ["archive", "--output", archive, EARLIER_COMMIT], { cwd: ROOT });
    await run("tar", ["-xf", archive, "-C", draft]);
    const output = { cwd: draft, maxBuffer: 64 * 1_024 * 1_024 };
    await run("npm", ["ci", "--no-audit", "--no-fund"], output);
    await run("npm", ["run", "build"], output);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } catch (error) {
    throw new Error(`${EARLIER_COMMIT} could not be built: ${messageOf(error)}`, { cause: error });
  } finally {
    rmSync(archive, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}
