import { readFileSync, readlinkSync } from "node:fs";

/** Tells one process of a machine from every other, also from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks since the boot; empty where the system does not say. */
  readonly startedAt: string;
  /** Numbers mean the same process only within one namespace; empty where there are none. */
  readonly pidNamespace: string;
}

/** States of a process that has ended and only waits for its parent to notice. */
const ENDED_STATES: ReadonlySet<string> = new Set(["Z", "X", "x"]);

/** Who this process is. */
export function thisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startedAt: readStat(process.pid)?.startedAt ?? "",
    pidNamespace: ownNamespace(),
  };
}

/**
 * True only if it is certain that the process no longer runs: no process has its number, or the one
 * that has it started at another time or has ended. A process of another namespace, or one that the
 * system tells nothing about, is never proven gone.
 */
export function isProvenGone(identity: ProcessIdentity): boolean {
  if (identity.pidNamespace !== ownNamespace()) return false;
  if (!hasProcess(identity.pid)) return true;
  const stat = readStat(identity.pid);
  if (stat === undefined || identity.startedAt === "") return false;
  return stat.startedAt !== identity.startedAt || ENDED_STATES.has(stat.state);
}

/**
 * Asks by a signal that is never sent: unlike a look into `/proc`, which may be hidden, its "no
 * such process" is proof.
 */
function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function readStat(pid: number): { readonly state: string; readonly startedAt: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name of the program stands in parentheses and may hold anything, so fields are counted
  // after the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startedAt] = [fields[0], fields[19]];
  return state === undefined || startedAt === undefined ? undefined : { state, startedAt };
}

let namespace: string | undefined;

function ownNamespace(): string {
  if (namespace === undefined) {
    try {
      namespace = readlinkSync("/proc/self/ns/pid");
    } catch {
      namespace = process.platform === "linux" ? `unknown-${process.pid}` : "";
    }
  }
  return namespace;
}
