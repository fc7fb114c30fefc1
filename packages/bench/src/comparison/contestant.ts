import type { BenchContext } from "../bench.ts";
import type { PeerName } from "./peer-package.ts";
import type { WorkName } from "./work.ts";

/** A contestant that runs, and can be called. */
export type Started = Counters | Delays;

/** Counters, one for each id. */
export interface Counters {
  readonly kind: "counters";
  /** Adds one to the counter, and gives what it is at. */
  add(id: string): Promise<number>;
  /** Ends everything that was started. */
  close(): Promise<void>;
}

/** Work that is set for later. */
export interface Delays {
  readonly kind: "delays";
  /**
   * Resolves when the contestant has taken it in. `id` has not been set yet, or what it was set for
   * has happened.
   */
  set(id: string, dueAt: number): Promise<unknown>;
  /** How much too late each began that has begun since the last question, in milliseconds. */
  takeLate(): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface ContestantContext extends BenchContext {
  /** Where the contestant's package is installed; empty for Troupe. */
  readonly peerFolder: string;
}

/** How a contestant does one kind of work. */
export interface Entry {
  /** What of it is durable when the caller is told that it is done. */
  readonly durable: string;
  start(context: ContestantContext): Promise<Started>;
}

/** A column of the comparison. A peer is one file that makes one of these. */
export interface Contestant {
  readonly name: string;
  /** What has to be installed, or undefined for what is ours. */
  readonly peer: PeerName | undefined;
  /** The commands that it runs with, or where it runs, a line each. */
  readonly runs: readonly string[];
  /** What is not alike. */
  readonly note: string;
  /** What it can do. */
  readonly entries: Readonly<Partial<Record<WorkName, Entry>>>;
}
