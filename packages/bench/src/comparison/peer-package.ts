import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { systemClock } from "@troupe/core";

export const PEERS = ["workerd", "restate", "bullmq", "comedy"] as const;
export type PeerName = (typeof PEERS)[number];

const INSTALL_MAX_MS = 300_000;

/**
 * Lines of npm's output that are shown if it fails: the first ones say why, what follows is a
 * stack.
 */
const LINES_SHOWN = 4;

/** What a peer takes on the disk, so that nobody is surprised. */
const MEGABYTES: Readonly<Record<PeerName, number>> = {
  workerd: 160,
  restate: 220,
  bullmq: 20,
  comedy: 20,
};

/**
 * What npm itself tells the scripts that it runs. It would tell the npm that is started here, too,
 * about the wrong package.
 */
const OF_OUTER_NPM =
  /^npm_(?:package|lifecycle|command|config_(?:local_prefix|prefix|workspace|workspaces|global_prefix|include_workspace_root)$)/i;

/**
 * The folder of the peer in this package: its manifest, its lock file, and what its server runs.
 */
export function peerSources(peer: PeerName): string {
  return fileURLToPath(new URL(`../../peers/${peer}`, import.meta.url));
}

/** The exact versions of what is installed for the peer. */
export function peerVersions(peer: PeerName): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(join(peerSources(peer), "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return manifest.dependencies;
}

/**
 * Where the peer is installed, or would be. It names what the lock file says, so a change of that
 * is installed anew.
 */
export function peerFolder(peer: PeerName, environment: NodeJS.ProcessEnv = process.env): string {
  const cache = environment.XDG_CACHE_HOME || join(homedir(), ".cache");
  const lock = createHash("sha256").update(
    readFileSync(join(peerSources(peer), "package-lock.json")),
  );
  return join(cache, "troupe", "bench-peers", `${peer}-${lock.digest("hex").slice(0, 12)}`);
}

/**
 * Gives the folder with the peer's packages, and installs them from npm if they are not there yet.
 * No script of theirs runs while they are installed. Rejects with what npm said if it cannot be
 * done.
 */
export async function installPeer(
  peer: PeerName,
  progress: (line: string) => void,
): Promise<string> {
  const folder = peerFolder(peer);
  if (existsSync(folder)) return folder;
  const versions = Object.entries(peerVersions(peer)).map(
    ([name, version]) => `${name} ${version}`,
  );
  progress(
    `${peer}: installing ${versions.join(", ")} from npm into ${folder} (about ${MEGABYTES[peer]} MB)`,
  );
  await mkdir(dirname(folder), { recursive: true });
  // Elsewhere first, so that the folder is whole if it is there.
  const unfinished = await mkdtemp(`${folder}-`);
  try {
    for (const file of ["package.json", "package-lock.json"])
      await copyFile(join(peerSources(peer), file), join(unfinished, file));
    await runNpm(
      ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
      unfinished,
    );
    // Another comparison may have been quicker; what it installed is the same.
    if (!existsSync(folder)) await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

async function runNpm(args: readonly string[], folder: string): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !OF_OUTER_NPM.test(name)),
  );
  const npm = spawn("npm", [...args, "--prefix", folder], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  const keep = (line: string): void => {
    if (output.length < LINES_SHOWN) output.push(line);
  };
  createInterface(npm.stderr).on("line", keep);
  createInterface(npm.stdout).on("line", keep);
  const limit = systemClock.schedule(INSTALL_MAX_MS, () => npm.kill());
  const ended = await new Promise<string>((resolve) => {
    npm.once("error", (error) => resolve(error.message));
    npm.once("close", (code, signal) => resolve(signal ?? String(code)));
  });
  limit.cancel();
  if (ended !== "0")
    throw new Error(
      `npm ${args.join(" ")} ended with ${ended}: ${output.join("; ") || "it said nothing"}`,
    );
}

/** A module of an installed peer. Its types are not known here, since it is not a dependency. */
export async function importFromPeer(folder: string, specifier: string): Promise<unknown> {
  return (await import(pathToFileURL(resolveFromPeer(folder, specifier)).href)) as unknown;
}

/** The path of a module or another file of an installed peer. */
export function resolveFromPeer(folder: string, specifier: string): string {
  return createRequire(join(folder, "package.json")).resolve(specifier);
}
