import type { ActorAddress, DueEntry } from "@troupe/core";
import { readFileSync } from "node:fs";

/**
 * What commit 839fbf3 wrote, byte for byte: stored values, the fields of one actor, keys of the
 * stores, and batches of a link. It was the last commit before "Open the house". All later versions
 * have to read these files, so a file is never changed, and no test may expect less of it. A new
 * format gets new files beside the old ones.
 */
export interface GoldenFiles {
  /** Packed values, in hexadecimal, by the names of `goldenValues`. */
  readonly "packed-values": Readonly<Record<string, string>>;
  /** The stored fields of the actor `Elder/one` as they stood at `now`. */
  readonly "stored-actor": {
    readonly now: number;
    readonly epoch: number;
    readonly version: number;
    readonly fields: Readonly<Record<string, string>>;
  };
  readonly "due-entries": readonly {
    readonly entry: Omit<DueEntry, "tag">;
    readonly embeddedKey: string;
    readonly redisKey: string;
    readonly redisMember: string;
  }[];
  /** The field is `s:balance`. */
  readonly "actor-keys": readonly {
    readonly address: ActorAddress;
    readonly embeddedKey: string;
    readonly embeddedField: string;
    readonly redisKey: string;
  }[];
  /** Two batches of the same envelopes on one link, and the first envelope sent alone. */
  readonly "link-batches": { readonly batches: readonly string[]; readonly alone: string };
}

export function goldenFile<N extends keyof GoldenFiles>(name: N): GoldenFiles[N] {
  const url = new URL(`../golden/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as GoldenFiles[N];
}

interface GoldenDueEntry {
  readonly entry: DueEntry;
  readonly embeddedKey: string;
  readonly redisKey: string;
  readonly redisMember: string;
}

/** The file of due entries. They were written before entries had tags, so theirs are empty. */
export function goldenDueEntries(): readonly GoldenDueEntry[] {
  return goldenFile("due-entries").map((golden) => ({
    ...golden,
    entry: { ...golden.entry, tag: "" },
  }));
}

/** The bytes of a text in hexadecimal. */
export function goldenBytes(hexadecimal: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hexadecimal, "hex"));
}
