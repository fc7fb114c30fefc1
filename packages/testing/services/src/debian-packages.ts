import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { findBinary } from "./find-binary.ts";

const run = promisify(execFile);

/** Package scripts ask this program whether they may start their service; 101 says no. */
const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_ASIDE = `${POLICY}.troupe-kept`;

/** True if this process may install packages with apt. */
export function canInstallPackages(): boolean {
  return (
    process.getuid?.() === 0 &&
    existsSync("/etc/debian_version") &&
    findBinary("apt-get") !== undefined
  );
}

/**
 * Installs Debian packages after saying so, without letting them start services. Gives the reason
 * if that fails.
 */
export async function installPackages(packages: readonly string[]): Promise<Error | undefined> {
  console.log(
    `troupe tests: installing ${packages.join(" and ")} with apt-get, because the tests need them`,
  );
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    maxBuffer: 64 * 1024 * 1024,
  };
  try {
    await withoutServiceStarts(async () => {
      await run("apt-get", ["update"], options);
      await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], options);
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function withoutServiceStarts(work: () => Promise<void>): Promise<void> {
  // A run that was killed here has left the machine's own policy aside, and ours in its place.
  if (existsSync(POLICY) && !existsSync(POLICY_ASIDE)) await rename(POLICY, POLICY_ASIDE);
  await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await work();
  } finally {
    await rm(POLICY, { force: true });
    if (existsSync(POLICY_ASIDE)) await rename(POLICY_ASIDE, POLICY);
  }
}
