import { type Clock, type Ran, TroupeError, withTimeout } from "@troupe/core";
import type { SecretTexts } from "../opening/secret-texts.ts";

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

/**
 * The calls of one component.
 *
 * CCALL-1. A call ends in bounded time, whatever the component's client does.
 * CCALL-2. At most 1,024 calls are with the component's client, also such that nobody waits for any
 *          more. One more is refused and has not run.
 * CCALL-3. No secret of the component is in an error. Every error is a `TroupeError`.
 * CCALL-4. After `close` every new call is refused. `close` resolves when none is under way.
 */
export class ComponentCalls {
  readonly title: string;
  readonly #options: ComponentCallsOptions;
  readonly #awaited = new Set<Promise<unknown>>();
  #withClient = 0;
  #isClosed = false;

  constructor(options: ComponentCallsOptions) {
    this.title = options.title;
    this.#options = options;
  }

  async run<R>(call: (signal: AbortSignal) => Promise<R>, limits: CallLimits = {}): Promise<R> {
    if (this.#isClosed) throw this.error("COMPONENT_UNAVAILABLE", "it is closed", { ran: "no" });
    if (this.#withClient >= CALLS_MAX)
      throw this.error("OVERLOADED", `${CALLS_MAX} calls are under way; call less at a time`);
    if (limits.signal?.aborted === true) throw this.#cancelled(limits.signal, "no");
    const ended = new AbortController();
    const work = this.#bounded(call, limits, ended).finally(() => this.#awaited.delete(work));
    this.#awaited.add(work);
    return await work;
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
    await Promise.allSettled(this.#awaited);
  }

  async #bounded<R>(
    call: (signal: AbortSignal) => Promise<R>,
    { timeoutMs = this.#options.timeoutMs, signal }: CallLimits,
    ended: AbortController,
  ): Promise<R> {
    const { clock } = this.#options;
    const abandon = (): void => ended.abort(signal?.reason);
    signal?.addEventListener("abort", abandon, { once: true });
    try {
      return await withTimeout(
        clock,
        timeoutMs,
        untilAborted(this.#ask(call, ended), ended),
        () => {
          throw this.error("TIMEOUT", `no answer within ${timeoutMs} ms`);
        },
      );
    } catch (error) {
      if (signal?.aborted === true) throw this.#cancelled(signal, "maybe");
      throw this.#translated(error);
    } finally {
      ended.abort();
      signal?.removeEventListener("abort", abandon);
    }
  }

  async #ask<R>(
    call: (signal: AbortSignal) => Promise<R>,
    { signal }: AbortController,
  ): Promise<R> {
    this.#withClient++;
    try {
      return await call(signal);
    } finally {
      this.#withClient--;
    }
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

/** The outcome of the work, or a rejection as soon as nobody waits for it any more. */
function untilAborted<R>(work: Promise<R>, { signal }: AbortController): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
