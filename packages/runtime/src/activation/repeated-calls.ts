import type { ReplySink } from "@troupe/client";
import type { RequestEnvelope } from "@troupe/core";
import { bytesOf } from "./call-budget.ts";

/** A call that may be a repetition of another. */
export interface Repetition {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

/**
 * The calls with an idempotency key that are waiting or being served, and those that repeat them:
 * these wait for the first.
 */
export class RepeatedCalls {
  readonly #underWay = new Map<string, Repetition[]>();
  #waiting = 0;
  #bytes = 0;

  /** Repetitions that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What they count for. */
  get bytes(): number {
    return this.#bytes;
  }

  isUnderWay(key: string): boolean {
    return this.#underWay.has(key);
  }

  /** A call with this key is under way from now on. */
  begin(key: string): void {
    this.#underWay.set(key, []);
  }

  /** Waits for the call with this key, which is under way. */
  join(key: string, request: RequestEnvelope, sink: ReplySink): void {
    this.#underWay.get(key)?.push({ request, sink });
    this.#waiting++;
    this.#bytes += bytesOf(request);
  }

  /** The caller of a repetition gave up. The request, if it was waiting here. */
  cancel(callId: number, sink: ReplySink): RequestEnvelope | undefined {
    for (const repetitions of this.#underWay.values()) {
      const index = repetitions.findIndex(
        (other) => other.request.callId === callId && other.sink === sink,
      );
      if (index < 0) continue;
      const [cancelled] = repetitions.splice(index, 1);
      return cancelled === undefined ? undefined : this.#left(cancelled);
    }
    return undefined;
  }

  /**
   * The call is under way no more. Those that waited for it are given out: what was kept of it
   * answers them, or one is served.
   */
  end(key: string, take: (request: RequestEnvelope, sink: ReplySink) => void): void {
    const repetitions = this.#underWay.get(key) ?? [];
    this.#underWay.delete(key);
    for (const repetition of repetitions) this.#left(repetition);
    for (const { request, sink } of repetitions) take(request, sink);
  }

  #left({ request }: Repetition): RequestEnvelope {
    this.#waiting--;
    this.#bytes -= bytesOf(request);
    return request;
  }
}
