import { type ActorAddress, RecordLog, RecordTable, type StateStore } from "@troupe/core";
import type { Episode } from "../machine/episode.ts";
import type { RunRecord } from "./run-record.ts";
import { RUN, RUN_PREFIXES } from "./run-store.ts";

/** What is stored of a run, with values in portable form. */
export interface StoredHistory {
  readonly record: RunRecord | undefined;
  readonly episodes: Episode[];
}

/** Reads what is stored of a run, as nobody's owner. */
export async function readHistory(
  store: StateStore,
  address: ActorAddress,
): Promise<StoredHistory> {
  const fields = (await store.read(address, ""))?.fields ?? new Map<string, Uint8Array>();
  const records = new RecordTable<RunRecord>(RUN_PREFIXES.record, { isDirty: false });
  const log = new RecordLog<Episode>(RUN_PREFIXES.history, { isDirty: false });
  const episodes: Episode[] = [];
  records.load(fields);
  log.load(fields, (episode) => episodes.push(episode));
  return { record: records.find(RUN), episodes };
}
