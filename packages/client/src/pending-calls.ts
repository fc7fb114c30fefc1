import { type Clock, TroupeError } from "@troupe/core";
import { DeadlineTimer } from "./deadline-timer.ts";
import type { OutboundCall } from "./outbound-call.ts";

/** Calls of one process that wait for a reply at the same time: beyond it more of them only cost memory. */
const PENDING_MAX = 100_000;

/** The calls that wait for their replies, by id. Each leaves once: when it is taken, or when its deadline passes. */
export class PendingCalls {
  readonly #calls = new Map<number, OutboundCall>();
  readonly #deadlines: DeadlineTimer;

  /** `onExpired` is called for each call whose deadline has passed; it is no longer here then. */
  constructor(clock: Clock, onExpired: (call: OutboundCall) => void) {
    this.#deadlines = new DeadlineTimer(clock, (now) => {
      for (const [callId, call] of this.#calls) {
        if (call.request.deadline > now) {
          this.#deadlines.expect(call.request.deadline);
        } else {
          this.#calls.delete(callId);
          onExpired(call);
        }
      }
    });
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Throws `OVERLOADED` if too many calls wait already. */
  add(call: OutboundCall): void {
    if (this.#calls.size >= PENDING_MAX) {
      throw new TroupeError(
        "OVERLOADED",
        `${PENDING_MAX} calls of this process wait for replies; wait for some before you make more`,
      );
    }
    this.#calls.set(call.request.callId, call);
    this.#deadlines.expect(call.request.deadline);
  }

  get(callId: number): OutboundCall | undefined {
    return this.#calls.get(callId);
  }

  /** False if the call has left already. */
  remove(callId: number): boolean {
    return this.#calls.delete(callId);
  }

  values(): Iterable<OutboundCall> {
    return this.#calls.values();
  }

  /** Takes every call away. */
  clear(): OutboundCall[] {
    this.#deadlines.stop();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    return calls;
  }
}
