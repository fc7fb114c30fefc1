import type { OnParentEnd } from "./episode.ts";

/** A step whose outcome is not recorded yet. */
export interface PendingStep {
  readonly kind: "run";
  readonly name: string;
  /** 1, or more after attempts that failed or were lost. */
  readonly attempt: number;
  /** Attempts that were under way when their silo was lost. */
  readonly losses: number;
  /** When the next attempt begins, while the step waits for that. */
  readonly retryAt?: number;
  /** What the last attempt failed with, as text. */
  readonly lastError?: string;
}

/** Another run whose result is awaited. */
export interface PendingChild {
  readonly kind: "child";
  readonly name: string;
  readonly onParentEnd: OnParentEnd;
}

/** A child whose result nobody wants any more. */
export interface LeftChild extends PendingChild {
  /** Of the command that started it. */
  readonly number: number;
}

/** Something that the code of a run waits for, or may wait for. */
export type Pending =
  | PendingStep
  | { readonly kind: "ask"; readonly name: string }
  | PendingChild
  | { readonly kind: "timer"; readonly dueAt: number }
  | { readonly kind: "event"; readonly name: string; readonly dueAt?: number };

/**
 * So many silos may be lost under one step. It may be what ends them, so the next one is left
 * alone.
 */
const LOSSES_MAX = 3;

/** True if one more loss is the last: then the step ends with an error in place of an attempt. */
export function isLastLoss({ losses }: PendingStep): boolean {
  return losses + 1 >= LOSSES_MAX;
}

/** True if an attempt of the step runs, or has to. */
export function isUnderWay(pending: Pending): pending is PendingStep {
  return pending.kind === "run" && pending.retryAt === undefined;
}

/** When time alone goes on with it; undefined if it never does. */
export function dueAtOf(pending: Pending): number | undefined {
  switch (pending.kind) {
    case "run":
      return pending.retryAt;
    case "timer":
    case "event":
      return pending.dueAt;
    case "ask":
    case "child":
      return undefined;
  }
}
