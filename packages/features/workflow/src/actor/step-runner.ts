import {
  type ActorAddress,
  type Clock,
  errorToPortable,
  MESSAGE_MAX_BYTES,
  messageOf,
  type Random,
  sleep,
  toPortable,
} from "@troupe/core";
import type { Call } from "../executor/call-table.ts";
import { afterFailure, type AfterFailure } from "../executor/retry-policy.ts";
import type { Settled } from "../machine/episode.ts";
import { attemptStep } from "./step-attempt.ts";

/** A shorter pause between attempts is spent in memory, a longer one is stored. */
const MEMORY_PAUSE_MS = 1_000;

/** Between tries to store what became of a step. */
const AGAIN_MS = 100;

/** A step that may start, or go on. */
export interface StartableStep {
  readonly number: number;
  readonly call: Extract<Call, { kind: "run" }>;
  readonly attempt: number;
  readonly key: string;
  readonly fence: number;
}

/** A longer pause before the next attempt. */
export interface LongPause {
  readonly attempt: number;
  readonly error: string;
  readonly retryAt: number;
}

export interface StepRunnerParts {
  readonly address: ActorAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly isDisposed: boolean;
  busy(): () => void;
  /** Each stores what became of a step: true if it did. They never reject. */
  settled(number: number, settled: Settled): Promise<boolean>;
  paused(number: number, pause: LongPause): Promise<boolean>;
}

/**
 * Runs the steps of one run, outside of its turns, while the actor is active.
 *
 * STEP-1. A step under way keeps the activation busy until what became of it is stored, or nobody
 *         wants it any more.
 * STEP-2. What became of a step is offered until it is stored, or the activation is over. Then the
 *         next owner finds the step under way, and runs it again (W1).
 */
export class StepRunner {
  readonly #parts: StepRunnerParts;
  readonly #running = new Map<number, AbortController>();

  constructor(parts: StepRunnerParts) {
    this.#parts = parts;
  }

  /** A step that runs already goes on as it is. */
  start(step: StartableStep): void {
    if (this.#running.has(step.number)) return;
    const controller = new AbortController();
    this.#running.set(step.number, controller);
    void this.#run(step, controller.signal);
  }

  /** Nobody wants the result any more. */
  abort(number: number, reason: Error): void {
    const controller = this.#running.get(number);
    this.#running.delete(number);
    controller?.abort(reason);
  }

  /** Ends the steps that are not among these. */
  abortOthers(wanted: ReadonlyMap<number, unknown>): void {
    for (const number of this.#running.keys())
      if (!wanted.has(number))
        this.abort(number, new Error("the result of the step is not wanted any more"));
  }

  abortAll(reason: Error): void {
    for (const number of this.#running.keys()) this.abort(number, reason);
  }

  async #run(step: StartableStep, signal: AbortSignal): Promise<void> {
    const done = this.#parts.busy();
    try {
      const store = await this.#outcomeOf(step, signal);
      while (!signal.aborted && !this.#parts.isDisposed) {
        // oxlint-disable-next-line no-await-in-loop -- STEP-2
        if (await store()) break;
        // oxlint-disable-next-line no-await-in-loop -- STEP-2
        await sleep(this.#parts.clock, AGAIN_MS);
      }
    } finally {
      if (!signal.aborted) this.#running.delete(step.number);
      done();
    }
  }

  /** Tries until there is something to store, and gives what stores it. */
  async #outcomeOf(step: StartableStep, signal: AbortSignal): Promise<() => Promise<boolean>> {
    const { number, call, key, fence } = step;
    const { address, clock } = this.#parts;
    for (let { attempt } = step; ; attempt++) {
      const facts = { address, key, attempt, fence };
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other.
      const result = await attemptStep(call, facts, { clock, signal });
      if (signal.aborted) return async () => true;
      if (result.kind === "value") {
        const settled = settledOf(call.name, result.value);
        return () => this.#parts.settled(number, settled);
      }
      const after = this.#after(call, attempt, result.error);
      if (after.kind === "fail") {
        const settled: Settled = { kind: "error", error: errorToPortable(after.error).value };
        return () => this.#parts.settled(number, settled);
      }
      if (after.pauseMs >= MEMORY_PAUSE_MS) {
        const retryAt = clock.now() + Math.ceil(after.pauseMs);
        const pause = { attempt: attempt + 1, error: messageOf(result.error), retryAt };
        return () => this.#parts.paused(number, pause);
      }
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other.
      await sleep(clock, after.pauseMs);
      if (signal.aborted) return async () => true;
    }
  }

  #after({ retry }: StartableStep["call"], attempt: number, error: unknown): AfterFailure {
    try {
      return afterFailure(retry, { attempt, error, chance: this.#parts.random.next() });
    } catch (thrown) {
      return { kind: "fail", error: thrown };
    }
  }
}

/** A result that cannot be stored is the step's failure, and no later attempt changes that. */
function settledOf(name: string, value: unknown): Settled {
  try {
    const options = { root: `step ${JSON.stringify(name)}: result`, maxBytes: MESSAGE_MAX_BYTES };
    return { kind: "value", value: toPortable(value, { ...options, ran: "yes" }).value };
  } catch (error) {
    return { kind: "error", error: errorToPortable(error).value };
  }
}
