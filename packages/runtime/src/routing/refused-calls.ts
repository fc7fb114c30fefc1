import { formatAddress, type RequestEnvelope } from "@troupe/core";

/** A call that does not come back sooner than this after it was refused is not waited for. */
const BACK_WITHIN_MS = 1_000;

/** Callers, by actor, with refused calls. With more of them the oldest are forgotten. */
const CALLERS_MAX = 100_000;

/**
 * Which calls were refused here and have not come back yet.
 *
 * REF-1. While an earlier call of the same caller to the same actor has not come back, a later one
 *        is not accepted: it was sent before its caller heard of the refusal, and would overtake
 *        the other (C5).
 * REF-2. A call that never comes back, because its caller gave up, holds up later ones for no
 *        longer than `BACK_WITHIN_MS`.
 */
export class RefusedCalls {
  /** By caller and actor: when each of its calls was refused, by the call's number. */
  readonly #refused = new Map<string, Map<number, number>>();
  /** When all of them are too old. */
  #until = 0;

  /** True if no call is waited for. Nearly always it is, and then costs nothing. */
  isEmpty(now: number): boolean {
    if (this.#refused.size > 0 && now >= this.#until) this.#refused.clear();
    return this.#refused.size === 0;
  }

  /** The call is refused. `now` is on the monotonic clock. */
  add(peerId: string, request: RequestEnvelope, now: number): void {
    const key = keyOf(peerId, request);
    const calls = this.#refused.get(key) ?? new Map<number, number>();
    calls.set(request.callId, now);
    this.#until = now + BACK_WITHIN_MS;
    this.#refused.set(key, calls);
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > CALLERS_MAX && oldest !== undefined) this.#refused.delete(oldest);
  }

  /** True if the call would overtake one that was refused. If not, it has come back itself. */
  isBehind(peerId: string, request: RequestEnvelope, now: number): boolean {
    const key = keyOf(peerId, request);
    const calls = this.#refused.get(key);
    if (calls === undefined) return false;
    for (const [callId, at] of calls) {
      if (now - at >= BACK_WITHIN_MS) calls.delete(callId);
      else if (callId < request.callId) return true;
    }
    calls.delete(request.callId);
    if (calls.size === 0) this.#refused.delete(key);
    return false;
  }
}

function keyOf(peerId: string, request: RequestEnvelope): string {
  return `${peerId}\n${formatAddress(request)}`;
}
