/** What is read of a profile that `node --cpu-prof` leaves. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

/** What a part of the program took of the time. */
export interface Share {
  /** `name file:line` of a function, or the name of a room. */
  readonly where: string;
  /** Of the time in which the process did anything, 0 to 1. */
  readonly share: number;
}

/** Not the program's doing; `dispatch` is how the profiler itself is told to stop. */
const NOTHING = new Set(["(idle)", "(root)", "dispatch"]);

/** Where a process spent its time itself, not in what it called; the most first. */
export function selfTimes(profile: CpuProfile): Share[] {
  return sharesOf(profile, describe);
}

/**
 * The same by room: by package of ours or of others, Node.js, the engine. It says more than the
 * functions do where the time is spread over many of them.
 */
export function roomTimes(profile: CpuProfile): Share[] {
  return sharesOf(profile, roomOf);
}

function sharesOf(
  { nodes, samples, timeDeltas }: CpuProfile,
  nameOf: (node: ProfileNode) => string,
): Share[] {
  const worked = nodes.filter((node) => !NOTHING.has(describe(node)));
  const names = new Map(worked.map((node) => [node.id, nameOf(node)]));
  const times = new Map<string, number>();
  let whole = 0;
  for (const [index, id] of samples.entries()) {
    const where = names.get(id);
    if (where === undefined) continue;
    const time = timeDeltas[index] ?? 0;
    whole += time;
    times.set(where, (times.get(where) ?? 0) + time);
  }
  return [...times]
    .map(([where, time]) => ({ where, share: time / whole }))
    .toSorted((a, b) => b.share - a.share);
}

function describe({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  return `${name} ${url.split("/").slice(-3).join("/")}:${lineNumber + 1}`;
}

const ROOM = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/|\/packages\/(.+?)\/(?:dist|src)\//;

function roomOf(node: ProfileNode): string {
  const { functionName, url } = node.callFrame;
  if (url.startsWith("node:")) return "Node.js";
  // The engine's own, such as `(garbage collector)`, and functions without a file.
  if (url === "") return functionName.startsWith("(") ? functionName : "the engine";
  const [, theirs, ours] = ROOM.exec(url) ?? [];
  return theirs ?? ours ?? url;
}
