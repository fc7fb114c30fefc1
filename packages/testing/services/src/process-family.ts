import { readFile } from "node:fs/promises";

/**
 * Sends a signal to a process and to those that it has started. A server may do its work in
 * processes of their own, which a signal to the first one alone would leave as they are. Does
 * nothing to a process that has ended. Where there is no `/proc`, only the process itself gets it.
 */
export async function signalFamily(pid: number | undefined, signal: NodeJS.Signals): Promise<void> {
  if (pid === undefined) return;
  for (const one of [pid, ...(await childrenOf(pid))]) send(one, signal);
}

async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by now.
  }
}
