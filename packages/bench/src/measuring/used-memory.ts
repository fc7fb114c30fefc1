/** Bytes that this process uses. */
export interface Used {
  readonly heap: number;
  readonly outside: number;
  readonly resident: number;
}

/** What is in use when everything that can go is gone. */
export async function usedMemory(): Promise<Used> {
  if (globalThis.gc === undefined)
    throw new Error("a memory bench needs node --expose-gc, which the bench command gives");
  for (let times = 0; times < 3; times++) {
    globalThis.gc();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, outside: external, resident: rss };
}
