/**
 * One call that somebody waits for. Its signal is made only when the component asks for it, because
 * it costs as much as a short call.
 */
export class WaitingCall {
  /** On the monotonic clock. */
  readonly deadline: number;
  readonly timeoutMs: number;
  readonly reject: (error: unknown) => void;
  #ended: AbortController | undefined;
  #removeListener: (() => void) | undefined;

  constructor(deadline: number, timeoutMs: number, reject: (error: unknown) => void) {
    this.deadline = deadline;
    this.timeoutMs = timeoutMs;
    this.reject = reject;
  }

  /** Aborted when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    this.#ended ??= new AbortController();
    return this.#ended.signal;
  }

  /** Calls back when the caller's signal is aborted, until the call is over. */
  listenTo(signal: AbortSignal, onAbort: () => void): void {
    signal.addEventListener("abort", onAbort, { once: true });
    this.#removeListener = () => signal.removeEventListener("abort", onAbort);
  }

  /** The answer is there. */
  answered(): void {
    this.#removeListener?.();
  }

  /** Nobody waits for the answer any more. */
  abandon(error: Error): void {
    this.#removeListener?.();
    this.#ended?.abort(error);
    this.reject(error);
  }
}
