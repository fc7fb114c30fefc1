import type { Command, Settled } from "./episode.ts";

/** How far a run has come. */
export type Phase =
  | "new"
  | "running"
  /** The code wants to begin anew with another input: another machine takes its place. */
  | "continued"
  | "completed"
  | "failed"
  | "cancelled"
  | "terminated";

/** What the code of a run is told next. */
export type Delivery =
  | { readonly kind: "begin"; readonly input: unknown; readonly seed: string }
  /** What command `of` came to. */
  | { readonly kind: "settle"; readonly of: number; readonly settled: Settled }
  /** An event goes to the handler that command `of` made; with `ask` it is a request. */
  | {
      readonly kind: "handle";
      readonly of: number;
      readonly data: unknown;
      readonly ask: string | undefined;
    }
  /** Everything that is awaited rejects: the commands `of`, in this order. */
  | { readonly kind: "cancel"; readonly of: readonly number[]; readonly reason: string };

/** A command with its number. */
export interface Numbered {
  readonly number: number;
  readonly command: Command;
}
