/** A message of the starter to which every program answers with what it has used so far. */
export const USAGE_QUESTION = "usage";

/** What a process has used. */
export interface Usage {
  readonly cpuMicros: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/** Of this process, without the garbage in its heap if it may collect that. */
export function ownUsage(): Usage {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { heapUsed, rss } = process.memoryUsage();
  return { cpuMicros: user + system, heapBytes: heapUsed, residentBytes: rss };
}
