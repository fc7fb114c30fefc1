import { shownValue, TroupeError } from "@troupe/core";
import type { ReadResult } from "./actor-search.ts";

/** Calls that are under way at the same time: enough to hide the way, and no load to speak of. */
const AT_ONCE = 64;

/** Ids of one call, whose results are all held in memory. */
const IDS_MAX = 10_000;

/** Which method of each actor is called, and with what. */
export interface ManyCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What `call` gives for each id, in the order of the ids. Rejects only if the call is wrong. */
export async function readMany(
  ids: Iterable<string>,
  reference: (id: string) => object,
  call: ManyCall,
): Promise<ReadResult<unknown>[]> {
  const all = checkedIds(ids);
  const results: ReadResult<unknown>[] = [];
  const left = all.entries();
  const work = async (): Promise<void> => {
    for (const [index, id] of left) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other bounds what is under way.
      results[index] = await readOne(id, reference, call);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, work));
  return results;
}

async function readOne(
  id: string,
  reference: (id: string) => object,
  { method, args }: ManyCall,
): Promise<ReadResult<unknown>> {
  try {
    const actor = reference(id) as Readonly<Record<string, unknown>>;
    const run = actor[method];
    if (typeof run !== "function") {
      const message = `${shownValue(method)} cannot be the name of a method`;
      throw new TroupeError("NO_SUCH_METHOD", message);
    }
    return { id, status: "fulfilled", value: await (run(...args) as Promise<unknown>) };
  } catch (reason) {
    return { id, status: "rejected", reason };
  }
}

function checkedIds(ids: Iterable<string>): readonly string[] {
  if (typeof ids === "string" || ids === null || typeof ids?.[Symbol.iterator] !== "function") {
    throw new TroupeError("BAD_CONFIG", `ids are ${shownValue(ids)}; give an array of ids`);
  }
  const all: string[] = [];
  for (const id of ids) {
    if (all.length === IDS_MAX) {
      const message = `readMany takes at most ${IDS_MAX} ids; call it for one page after the other`;
      throw new TroupeError("BAD_CONFIG", message);
    }
    all.push(id);
  }
  return all;
}
