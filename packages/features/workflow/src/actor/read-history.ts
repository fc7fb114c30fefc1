import { type ActorAddress, RecordLog, type StateStore } from "@troupe/core";
import type { Episode } from "../machine/episode.ts";
import { RUN_PREFIXES } from "./run-store.ts";

/** Episodes that are read at once. */
export interface HistoryRange {
  readonly from: number;
  readonly limit: number;
}

/** What is stored of the history of a run, with values in portable form. */
export async function readHistory(
  store: StateStore,
  address: ActorAddress,
  { from, limit }: HistoryRange,
): Promise<readonly Episode[]> {
  const stored = await store.read(address, RUN_PREFIXES.history);
  const log = new RecordLog<Episode>(RUN_PREFIXES.history, { isDirty: false });
  const episodes: Episode[] = [];
  // The first one has number 0, also after the run has continued with another input.
  let number = 0;
  log.load(stored?.fields ?? new Map(), (episode) => {
    if (number >= from && number < from + limit) episodes.push(episode);
    number++;
  });
  return episodes;
}
