import {
  DURATION_FORMS,
  type Duration,
  parseDuration,
  shownValue,
  TroupeError,
} from "@troupe/core";

/** How often a step that throws is tried, and how soon. */
export interface RetryOptions {
  /** How often it is tried in all, the first attempt included. Default: 10. */
  readonly attempts?: number;
  /** The pause after the first attempt. Default: 200 ms. */
  readonly first?: Duration;
  /** By how much each pause is longer than the one before. Default: 2. */
  readonly factor?: number;
  /** The longest pause. Default: 30 seconds. */
  readonly max?: Duration;
  /** By what part of it a pause may be longer, by chance. Default: 0.5. */
  readonly jitter?: number;
  /** False for an error after which the step is not tried again. Default: always true. */
  readonly retryIf?: (error: unknown) => boolean;
}

/** Throw it in a step to fail at once with `cause`, whatever the step's retry options are. */
export class NoRetry extends Error {
  constructor(cause: unknown) {
    super("the step is not tried again", { cause });
  }

  static {
    this.prototype.name = "NoRetry";
  }
}

/** Throw it in a step to be tried again after this pause. It counts as an attempt. */
export class RetryAfter extends Error {
  readonly pause: Duration;

  constructor(pause: Duration, cause?: unknown) {
    super(`the step is tried again after ${pause}`, { cause });
    this.pause = pause;
  }

  static {
    this.prototype.name = "RetryAfter";
  }
}

/** The same with everything filled in, in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: number;
  readonly retryIf: (error: unknown) => boolean;
}

/** What comes after an attempt that threw. */
export type AfterFailure =
  /** The step has failed with this error. */
  | { readonly kind: "fail"; readonly error: unknown }
  | { readonly kind: "again"; readonly pauseMs: number };

/** Throws `BAD_DEFINITION` with the option that is wrong. */
export function retryPolicy(step: string, options: RetryOptions = {}): RetryPolicy {
  const { attempts = 10, factor = 2, jitter = 0.5, retryIf = () => true } = options;
  if (!Number.isInteger(attempts) || attempts < 1)
    throw wrong(step, "retry.attempts", attempts, "a whole number of at least 1");
  if (!(factor >= 1)) throw wrong(step, "retry.factor", factor, "a number of at least 1");
  if (!(jitter >= 0 && jitter <= 1))
    throw wrong(step, "retry.jitter", jitter, "a number from 0 to 1");
  return {
    attempts,
    firstMs: durationOf(step, "retry.first", options.first ?? 200),
    factor,
    maxMs: durationOf(step, "retry.max", options.max ?? 30_000),
    jitter,
    retryIf,
  };
}

/** Milliseconds of a duration that is an option of a step. Throws `BAD_DEFINITION`. */
export function durationOf(step: string, option: string, duration: unknown): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw wrong(step, option, duration, DURATION_FORMS);
  return ms;
}

/** `chance` is a number in [0, 1) for the jitter. Throws what `retryIf` throws. */
export function afterFailure(
  policy: RetryPolicy,
  { attempt, error, chance }: { attempt: number; error: unknown; chance: number },
): AfterFailure {
  if (error instanceof NoRetry) return { kind: "fail", error: error.cause };
  if (attempt >= policy.attempts)
    return { kind: "fail", error: error instanceof RetryAfter ? (error.cause ?? error) : error };
  if (error instanceof RetryAfter)
    return { kind: "again", pauseMs: parseDuration(error.pause) ?? policy.maxMs };
  if (!policy.retryIf(error)) return { kind: "fail", error };
  const pauseMs = Math.min(policy.firstMs * policy.factor ** (attempt - 1), policy.maxMs);
  return { kind: "again", pauseMs: pauseMs * (1 + policy.jitter * chance) };
}

function wrong(step: string, option: string, given: unknown, right: string): TroupeError {
  const message = `step ${JSON.stringify(step)}: ${option} is ${shownValue(given)}; give ${right}`;
  return new TroupeError("BAD_DEFINITION", message);
}
