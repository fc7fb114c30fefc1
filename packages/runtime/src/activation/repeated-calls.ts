import type { ReplySink } from "@troupe/client";
import type { RequestEnvelope } from "@troupe/core";

interface Repetition {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

/**
 * The calls with an idempotency key that are waiting or being served, and those that repeat them:
 * these wait for the first.
 */
export class RepeatedCalls {
  #underWay: Map<string, Repetition[]> | undefined;

  /**
   * True if a call with this key is under way; then this one waits. If not, it is the one that is
   * under way now.
   */
  joinOrBegin(key: string, request: RequestEnvelope, sink: ReplySink): boolean {
    const underWay = (this.#underWay ??= new Map<string, Repetition[]>());
    const repetitions = underWay.get(key);
    if (repetitions === undefined) underWay.set(key, []);
    else repetitions.push({ request, sink });
    return repetitions !== undefined;
  }

  /**
   * The call is under way no more. Those that waited for it are given out: what was kept of it
   * answers them, or one is served.
   */
  end(key: string, take: (request: RequestEnvelope, sink: ReplySink) => void): void {
    const repetitions = this.#underWay?.get(key) ?? [];
    this.#underWay?.delete(key);
    for (const { request, sink } of repetitions) take(request, sink);
  }
}
