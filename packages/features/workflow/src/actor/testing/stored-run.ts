import { type ActorAddress, type StateStore, unpackField } from "@troupe/core";
import type { Command, Episode } from "../../machine/episode.ts";
import type { RunRecord } from "../run-record.ts";

/** What a store holds of a run. */
export interface StoredRun {
  readonly record: RunRecord | undefined;
  readonly episodes: readonly Episode[];
  readonly commands: readonly Command[];
  /** The numbers of the commands whose outcome is recorded, in order. */
  readonly outcomes: readonly number[];
}

/** Reads a run from a store, as nobody's owner. */
export async function storedRun(store: StateStore, address: ActorAddress): Promise<StoredRun> {
  const fields = (await store.read(address, ""))?.fields ?? new Map<string, Uint8Array>();
  const record = fields.get("w:run");
  const episodes = [...fields.keys()]
    .filter((name) => name.startsWith("h:"))
    .toSorted()
    .map((name) => unpackField(fields.get(name) ?? new Uint8Array()) as Episode);
  return {
    record: record && (unpackField(record) as RunRecord),
    episodes,
    commands: episodes.flatMap((episode) => episode.commands),
    outcomes: episodes.flatMap(({ input }) => (input.kind === "outcome" ? [input.of] : [])),
  };
}
