import { currentTurn, DeadlineTimer } from "@troupe/client";
import { type Clock, type Ran, TroupeError } from "@troupe/core";
import type { SecretTexts } from "../opening/secret-texts.ts";
import { WaitingCall } from "./waiting-call.ts";

/** Calls of one component at a time. More than these are a server that does not answer. */
const CALLS_MAX = 1_024;

/** Whose calls they are, and what bounds them. */
export interface ComponentCallsOptions {
  /** For messages: `orders (state.redis)`. */
  readonly title: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly secrets: SecretTexts;
}

/** What a single call may say besides. */
export interface CallLimits {
  /** Milliseconds. Default: those of all calls. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait for the answer. */
  readonly signal?: AbortSignal | undefined;
}

const NO_LIMITS: CallLimits = {};

/**
 * The calls of one component.
 *
 * CCALL-1. A call ends in bounded time, whatever the component's client does; and one that a turn
 *          makes ends with the deadline of the turn.
 * CCALL-2. At most 1,024 calls are with the component's client, also such that nobody waits for any
 *          more. One more is refused and has not run.
 * CCALL-3. No secret of the component is in an error. Every error is a `TroupeError`.
 * CCALL-4. After `close` every new call is refused. `close` resolves when none is under way.
 */
export class ComponentCalls {
  readonly title: string;
  readonly #options: ComponentCallsOptions;
  readonly #waiting = new Set<WaitingCall>();
  readonly #deadlines: DeadlineTimer;
  readonly #onEmpty: (() => void)[] = [];
  #withClient = 0;
  #failure: string | undefined;
  #isClosed = false;

  constructor(options: ComponentCallsOptions) {
    this.title = options.title;
    this.#options = options;
    this.#deadlines = new DeadlineTimer(options.clock, (now) => this.#endLate(now));
  }

  /** Makes a call of the component. What it is given has the signal of the call. */
  run<R>(call: (waiting: WaitingCall) => Promise<R>, limits: CallLimits = NO_LIMITS): Promise<R> {
    const { timeoutMs = this.#options.timeoutMs, signal } = limits;
    const refusal = this.#refusal(signal);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise<R>((resolve, reject) => {
      const now = this.#options.clock.monotonic();
      const deadline = Math.min(now + timeoutMs, currentTurn()?.deadline ?? Infinity);
      const waiting = new WaitingCall(deadline, Math.max(0, deadline - now), reject);
      this.#waiting.add(waiting);
      this.#deadlines.expect(deadline);
      if (signal !== undefined)
        waiting.listenTo(signal, () => this.#abandon(waiting, this.#cancelled(signal, "maybe")));
      this.#withClient++;
      begun(call, waiting).then(
        (value) => this.#answered(waiting, undefined, () => resolve(value)),
        (error: unknown) => {
          const translated = this.#translated(error);
          this.#answered(waiting, translated, () => reject(translated));
        },
      );
    });
  }

  /** Why the other side was away at the last call; undefined if it answered. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** An error about the component. */
  error(
    code: ConstructorParameters<typeof TroupeError>[0],
    message: string,
    options?: ConstructorParameters<typeof TroupeError>[2],
  ): TroupeError {
    return new TroupeError(code, `${this.title}: ${message}`, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#waiting.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- it is one wait, for the last of the calls.
      await new Promise<void>((resolve) => {
        this.#onEmpty.push(resolve);
      });
    }
  }

  #refusal(signal: AbortSignal | undefined): TroupeError | undefined {
    if (this.#isClosed) return this.error("COMPONENT_UNAVAILABLE", "it is closed", { ran: "no" });
    if (this.#withClient >= CALLS_MAX)
      return this.error("OVERLOADED", `${CALLS_MAX} calls are under way; call less at a time`);
    return signal?.aborted === true ? this.#cancelled(signal, "no") : undefined;
  }

  /** The client has answered, perhaps somebody who no longer waits. */
  #answered(waiting: WaitingCall, error: TroupeError | undefined, settle: () => void): void {
    this.#withClient--;
    this.#note(error);
    if (!this.#leave(waiting)) return;
    waiting.answered();
    settle();
  }

  #abandon(waiting: WaitingCall, error: TroupeError): void {
    if (this.#leave(waiting)) waiting.abandon(error);
  }

  #endLate(now: number): void {
    for (const waiting of Array.from(this.#waiting)) {
      const { deadline, timeoutMs } = waiting;
      if (deadline > now) this.#deadlines.expect(deadline);
      else {
        const late = this.error("TIMEOUT", `no answer within ${Math.ceil(timeoutMs)} ms`);
        this.#note(late);
        this.#abandon(waiting, late);
      }
    }
  }

  /** What the other side refuses, it has answered. */
  #note(error: TroupeError | undefined): void {
    const isAway = error?.code === "COMPONENT_UNAVAILABLE" || error?.code === "TIMEOUT";
    this.#failure = isAway ? error.detail : undefined;
  }

  /** False if the call is over already. */
  #leave(waiting: WaitingCall): boolean {
    if (!this.#waiting.delete(waiting)) return false;
    if (this.#waiting.size > 0) return true;
    this.#deadlines.stop();
    for (const resolve of this.#onEmpty.splice(0)) resolve();
    return true;
  }

  #cancelled({ reason }: AbortSignal, ran: Ran): TroupeError {
    return this.error("CANCELLED", "the caller's signal was aborted", { cause: reason, ran });
  }

  #translated(error: unknown): TroupeError {
    const { secrets } = this.#options;
    const cause = secrets.clean(error);
    if (error instanceof TroupeError && cause === error) return error;
    if (error instanceof TroupeError) {
      const { code, ran, retryable } = error;
      return new TroupeError(code, secrets.hide(error.detail), { ran, retryable });
    }
    const { message } = cause instanceof Error ? cause : { message: "it failed" };
    return this.error("COMPONENT_UNAVAILABLE", message, { cause });
  }
}

/** A call that throws at once fails as one that rejects. */
function begun<R>(call: (waiting: WaitingCall) => Promise<R>, waiting: WaitingCall): Promise<R> {
  try {
    return call(waiting);
  } catch (error) {
    return Promise.reject(error);
  }
}
