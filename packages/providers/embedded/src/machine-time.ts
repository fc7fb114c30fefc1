import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Milliseconds since the machine started, the same for all of its processes. Never goes back,
 * whatever happens to the wall clock. The one place that reads it.
 */
export function machineMonotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/**
 * What tells this run of the machine from every other, so that a time of `machineMonotonicMs` is
 * never compared with one of an earlier run. Undefined where the system does not say.
 */
export function readBootId(): string | undefined {
  try {
    if (process.platform === "linux")
      return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    if (process.platform === "darwin") {
      return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], {
        encoding: "utf8",
        timeout: 2_000,
      }).trim();
    }
  } catch {
    // Not to know it is an answer too: the caller then has other means.
  }
  return undefined;
}
