/**
 * What the actors and those who check them agree on. Actors live in other processes, which load
 * another form of their module.
 */

/** Accounts of the ring: each pays the next, and the last one the first. */
export const PURSES = 12;

/** What each account starts with. */
export const PURSE_START = 1_000;

export const PERIOD_MS = 200;

export type Missed = "all" | "once" | "skip";

/** Who takes the tolls of voyages. */
export const GATES = 6;

/** Each leg of a voyage is five things that a run does: together they are twenty. */
export const LEGS = 4;

export function gateId(index: number): string {
  return `gate-${index % GATES}`;
}

/** The name of what one leg pays, in the list of its gate. */
export function tollOf(voyage: string, leg: number): string {
  return `${voyage}/${leg}`;
}

export function purseId(index: number): string {
  return `purse-${index % PURSES}`;
}

/** How far a reminder is, and what was wrong with its ticks. */
export interface Series {
  readonly ticks: number;
  /** The due time of the next tick, or the earliest that it may have. */
  readonly expected: number;
  readonly problems: readonly string[];
}
