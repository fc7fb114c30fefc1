import type { PartEntry } from "@troupe/sdk";
import type { EarlierId } from "../executor/native-run.ts";
import { AWAKE_TURN } from "./flow-turns.ts";

/** Why a run cannot go on, though it has not ended. */
export interface Blocked {
  readonly code: string;
  readonly message: string;
  /** Of the code that could not go on. Other code tries again. */
  readonly digest: string;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
}

/** Whom a child tells of its end. */
export interface Parent {
  readonly type: string;
  readonly id: string;
  /** What the parent knows the child by. */
  readonly runId: string;
  readonly number: number;
}

/** What is stored of a run besides its history. */
export interface RunRecord {
  /** Names the run, and tells it from every other that had its id. */
  readonly runId: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Of the input, so that a repeated start is known. */
  readonly inputDigest: string;
  /** Of the code that it began with. Runs of before versions have none. */
  readonly version?: number;
  /** What whoever started the run says of it. */
  readonly tags?: Readonly<Record<string, string>>;
  /** A rerun whose pending calls are not made again yet. */
  readonly isAgain?: boolean;
  /** Of a rerun: whose ids its code saw in its first episodes. */
  readonly earlierIds?: readonly EarlierId[];
  /** Of a child. */
  readonly parent?: Parent;
  readonly endedAt?: number;
  readonly blocked?: Blocked;
  /** Since when inputs wait, because somebody wanted it so. */
  readonly suspendedAt?: number;
  /** Of the entry that makes each new owner wake the run. */
  readonly awake?: { readonly tag: string; readonly at: number };
}

/** While anything of a run is under way, an entry of the due index stands for its record (W4). */
export function awakeEntry(record: RunRecord): PartEntry | undefined {
  if (record.awake === undefined) return undefined;
  const { tag, at } = record.awake;
  return { kind: "awake", name: AWAKE_TURN, dueAt: at, tag };
}
