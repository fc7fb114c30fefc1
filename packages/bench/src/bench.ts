import type { Clock } from "@troupe/core";

/**
 * Where durable benches store: a Redis or a PostgreSQL of their own, or the embedded default in a
 * temporary folder.
 */
export type StorageKind = "redis" | "postgres" | "file";

/** How a bench is to be run. */
export interface BenchOptions {
  /** Rounds of ours and the baseline in turn; the result is their median. */
  readonly rounds: number;
  /** A smoke run: it shows that the bench works, and its figures mean nothing. */
  readonly quick: boolean;
  readonly storage: StorageKind;
  /** Folder for the CPU profiles of every process, or undefined for none. */
  readonly profile: string | undefined;
  /** `failover` only: the silo is stopped instead of killed. */
  readonly hang: boolean;
  /** `soak` only: how long it lasts. */
  readonly minutes: number;
}

export interface BenchContext extends BenchOptions {
  readonly clock: Clock;
  /** A folder of this run, which is removed after it. */
  readonly folder: string;
  /** Says how far the run is. */
  progress(line: string): void;
}

/** What is to be reached, and of which figure. */
export interface Target {
  readonly of: "value" | "ratio";
  readonly sense: "at-least" | "at-most";
  readonly limit: number;
}

/** Something else that has to hold. */
export interface Check {
  readonly what: string;
  readonly value: number;
  readonly sense: "at-least" | "at-most";
  readonly limit: number;
}

export interface Measurement {
  /** Median over the rounds. */
  readonly value: number;
  readonly baseline: number | null;
  /** Median of the rounds' ratios of value to baseline, or null if nothing is compared. */
  readonly ratio: number | null;
  /** What else the bench found, for whoever reads the JSON. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Takes the place of the bench's target, where an option changes what is measured. */
  readonly target?: Target;
  /** The result is good only if these hold, too. */
  readonly checks?: readonly Check[];
}

/** One row of the table of targets. */
export interface Bench {
  readonly name: string;
  /** What is measured, and against what. */
  readonly what: string;
  readonly unit: string;
  /** Undefined if there is nothing but to look at. */
  readonly target: Target | undefined;
  /** It takes long, and runs only when it is named. */
  readonly isOnlyByName?: true;
  measure(context: BenchContext): Promise<Measurement>;
}

/** A bench's outcome, as it is printed. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number | null;
  readonly ratio: number | null;
  readonly target: string;
  readonly ok: boolean;
  readonly checks: readonly (Check & { readonly ok: boolean })[];
  readonly details: Readonly<Record<string, unknown>>;
}
