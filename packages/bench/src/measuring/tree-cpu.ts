import { readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second there, whatever its kernel was built with. */
const MICROS_PER_TICK = 10_000;

/** What `/proc/<pid>/stat` says that is needed here. */
interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly micros: number;
}

/**
 * Microseconds of CPU that a process and all that it has started have used, those included that
 * have ended and were waited for. Null where the system does not tell.
 */
export function treeCpu(root: number): number | null {
  const lines = processLines();
  if (!lines.some(({ pid }) => pid === root)) return null;
  const tree = new Set([root]);
  // A process may stand before its parent, so look until nothing is found any more.
  for (let before = 0; before < tree.size;) {
    before = tree.size;
    for (const { pid, parent } of lines) if (tree.has(parent)) tree.add(pid);
  }
  return lines.reduce((sum, { pid, micros }) => sum + (tree.has(pid) ? micros : 0), 0);
}

function processLines(): ProcessLine[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return processLine(readFileSync(`/proc/${name}/stat`, "utf8"));
    } catch {
      // It has ended in between.
      return [];
    }
  });
}

/** Reads `pid (name) state parent …`; the name may hold anything, brackets too. */
export function processLine(stat: string): ProcessLine {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return {
    pid: Number.parseInt(stat, 10),
    parent: Number(fields[1]),
    micros: (user + system + childUser + childSystem) * MICROS_PER_TICK,
  };
}
