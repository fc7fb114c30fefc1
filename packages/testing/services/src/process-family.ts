import { readFile } from "node:fs/promises";
import { sleep, systemClock } from "@troupe/core";

/** What the kernel calls a process that runs no more: it is stopped, or has ended. */
const STOPPED = /^[TtZX]/;
const ENDED = /^[ZX]/;

/** How long a process may take to hear a signal: one that waits for its disk hears it later. */
const HEARING_MS = 5_000;

/**
 * Sends a signal to a process and to those that it has started. A server may do its work in
 * processes of their own, which a signal to the first one alone would leave as they are. Does
 * nothing to a process that has ended. Where there is no `/proc`, only the process itself gets it.
 */
export async function signalFamily(pid: number | undefined, signal: NodeJS.Signals): Promise<void> {
  if (pid === undefined) return;
  for (const one of [pid, ...(await childrenOf(pid))]) send(one, signal);
}

/**
 * Kills a process and those that it has started, and resolves when none of them is left: a server
 * does not start again while one of its processes still has its memory.
 */
export async function endFamily(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  // A stopped server starts no further process.
  send(pid, "SIGSTOP");
  await untilState(pid, STOPPED);
  const family = [pid, ...(await childrenOf(pid))];
  for (const one of family) send(one, "SIGKILL");
  await Promise.all(family.map((one) => untilState(one, ENDED)));
}

async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Resolves when the process is in the state, is there no more, or has had its time. */
async function untilState(pid: number, state: RegExp): Promise<void> {
  const end = systemClock.monotonic() + HEARING_MS;
  while (systemClock.monotonic() < end) {
    const found = await stateOf(pid);
    if (found === undefined || state.test(found)) return;
    await sleep(systemClock, 5);
  }
}

async function stateOf(pid: number): Promise<string | undefined> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    return line.slice(line.lastIndexOf(")") + 2);
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by now.
  }
}
