import type { ReplySink } from "@troupe/client";
import type { RequestEnvelope } from "@troupe/core";
import { bytesOf, type CallBudget, type Shortage } from "./call-budget.ts";

/** A call that may be a repetition of another. */
export interface Repetition {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

/** How many repetitions may wait, and how many bytes of them. */
export interface RepetitionLimits {
  readonly mailboxMax: number;
  readonly mailboxBytes: number;
}

/** What the repetitions of one activation share with the rest of the silo. */
export interface RepetitionParts {
  readonly budget: CallBudget;
  redispatch(request: RequestEnvelope, sink: ReplySink): void;
}

/**
 * The calls with an idempotency key that are waiting or being served, and those that repeat them:
 * these wait for the first.
 */
export class RepeatedCalls {
  readonly #limits: RepetitionLimits;
  readonly #parts: RepetitionParts;
  readonly #underWay = new Map<string, Repetition[]>();
  #waiting = 0;
  #bytes = 0;

  constructor(limits: RepetitionLimits, parts: RepetitionParts) {
    this.#limits = limits;
    this.#parts = parts;
  }

  /**
   * A call with this key has come. It is the first, and under way from now on; or it waits for that
   * one; or there is no room for it to wait.
   */
  join(
    key: string,
    request: RequestEnvelope,
    sink: ReplySink,
  ): "first" | "joined" | "full" | Shortage {
    const repetitions = this.#underWay.get(key);
    if (repetitions === undefined) {
      this.#underWay.set(key, []);
      return "first";
    }
    if (this.#waiting >= this.#limits.mailboxMax) return "full";
    const bytes = this.#bytes + bytesOf(request);
    if (bytes > this.#limits.mailboxBytes) return "mailbox";
    const shortage = this.#parts.budget.take(request, sink);
    if (shortage !== undefined) return shortage;
    repetitions.push({ request, sink });
    this.#waiting++;
    this.#bytes = bytes;
    return "joined";
  }

  /** The caller of a repetition gave up. False if it does not wait here. */
  cancel(callId: number, sink: ReplySink): boolean {
    for (const repetitions of this.#underWay.values()) {
      const index = repetitions.findIndex(
        (other) => other.request.callId === callId && other.sink === sink,
      );
      if (index < 0) continue;
      for (const cancelled of repetitions.splice(index, 1)) this.#left(cancelled);
      return true;
    }
    return false;
  }

  /**
   * The call is under way no more. Those that waited for it are given out: what was kept of it
   * answers them, or one is served.
   */
  end(key: string): void {
    const repetitions = this.#underWay.get(key) ?? [];
    this.#underWay.delete(key);
    for (const repetition of repetitions) this.#left(repetition);
    for (const { request, sink } of repetitions) this.#parts.redispatch(request, sink);
  }

  #left({ request, sink }: Repetition): void {
    this.#waiting--;
    this.#bytes -= bytesOf(request);
    this.#parts.budget.give(request, sink);
  }
}
