import type { Duration } from "@troupe/core";
import type { OnParentEnd } from "../machine/episode.ts";
import type { RetryOptions } from "./retry-policy.ts";

/** What a step is given. */
export interface StepContext {
  /**
   * Names the step in the whole cluster, and is the same for each of its attempts. Give it to what
   * the step calls as an idempotency key, so that an attempt that is made again has no effect.
   */
  readonly key: string;
  /** 1, or more after attempts that threw or were lost with their silo. */
  readonly attempt: number;
  /** Aborted when the time of the attempt is over, or nobody wants its result any more. */
  readonly signal: AbortSignal;
  /**
   * Higher in each later owner of the run. Whoever is called can refuse a lower one than it has
   * seen, and so keep out a silo that was taken for dead.
   */
  readonly fence: number;
}

/** Any code, in the process of the silo that owns the run. */
export type StepFunction<T> = (step: StepContext) => T | Promise<T>;

/** Takes back what a step did. It gets the result, or undefined if that is unknown. */
export type Undo<T> = (result: T | undefined) => unknown;

/** How a step is run. */
export interface StepOptions<T = unknown> {
  readonly retry?: RetryOptions;
  /** How long one attempt may take. Default: for ever. */
  readonly timeout?: Duration;
  /**
   * Runs if the run fails or is cancelled after this step, with those of all other steps, the last
   * step's first. Each is a step itself. It also runs if it is unknown whether the step had an
   * effect.
   */
  readonly undo?: Undo<T>;
}

/** How another run is started whose result is awaited. */
export interface ChildOptions<T = unknown> {
  /**
   * What becomes of it when this run has ended, is cancelled, or does not await it any more.
   * Default: `cancel`.
   */
  readonly onParentEnd?: OnParentEnd;
  /** As that of a step. */
  readonly undo?: Undo<T>;
}

/** Any activity, as a run refers to it. */
export interface ActivityType<Input, Output> {
  readonly name: string;
  /** Only for the type checker. */
  readonly activity?: { readonly input: (input: Input) => void; readonly output: Output };
}
