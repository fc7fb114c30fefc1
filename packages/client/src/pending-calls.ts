import { type Clock, TroupeError } from "@troupe/core";
import { DeadlineTimer } from "./deadline-timer.ts";
import type { OutboundCall } from "./outbound-call.ts";

/**
 * Calls of one process that wait for a reply at the same time: beyond it more of them only cost
 * memory.
 */
const PENDING_MAX = 100_000;

/**
 * Places for the latest calls. A power of two, so that the low bits of a call's id are its place.
 */
const PLACES = 1_024;

/**
 * The calls that wait for their replies, by id. Each leaves once: when it is taken, or when its
 * deadline passes.
 *
 * Ids are given in order and most calls end soon, so nearly every call finds its place free, which
 * costs 10 ns a call where a `Map` costs 80. A call that is still there when as many later ones
 * have come as there are places moves to a map.
 */
export class PendingCalls {
  readonly #latest: (OutboundCall | undefined)[] = Array.from({ length: PLACES });
  readonly #older = new Map<number, OutboundCall>();
  readonly #deadlines: DeadlineTimer;
  readonly #onEmpty: () => void;
  #size = 0;

  /**
   * `onExpired` is called for each call whose deadline has passed; it is no longer here then.
   * `onEmpty` is called when the last call has left.
   */
  constructor(clock: Clock, onExpired: (call: OutboundCall) => void, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#deadlines = new DeadlineTimer(clock, (now) => {
      for (const call of this.values()) {
        if (call.request.deadline > now) this.#deadlines.expect(call.request.deadline);
        else if (this.remove(call)) onExpired(call);
      }
    });
  }

  get size(): number {
    return this.#size;
  }

  /** Throws `OVERLOADED` if too many calls wait already. */
  add(call: OutboundCall): void {
    if (this.#size >= PENDING_MAX) {
      throw new TroupeError(
        "OVERLOADED",
        `${PENDING_MAX} calls of this process wait for replies; wait for some before you make more`,
      );
    }
    const place = placeOf(call.request.callId);
    const before = this.#latest[place];
    if (before !== undefined) this.#older.set(before.request.callId, before);
    this.#latest[place] = call;
    this.#size++;
    this.#deadlines.expect(call.request.deadline);
  }

  get(callId: number): OutboundCall | undefined {
    const call = this.#latest[placeOf(callId)];
    if (call !== undefined && call.request.callId === callId) return call;
    return this.#older.size === 0 ? undefined : this.#older.get(callId);
  }

  /** False if the call has left already. */
  remove(call: OutboundCall): boolean {
    const { callId } = call.request;
    const place = placeOf(callId);
    if (this.#latest[place] === call) this.#latest[place] = undefined;
    else if (this.#older.size === 0 || !this.#older.delete(callId)) return false;
    this.#size--;
    if (this.#size === 0) this.#onEmpty();
    return true;
  }

  /** Those that are here now, in no order. */
  values(): OutboundCall[] {
    const calls = [...this.#older.values()];
    for (const call of this.#latest) if (call !== undefined) calls.push(call);
    return calls;
  }

  /** Takes every call away. */
  clear(): OutboundCall[] {
    this.#deadlines.stop();
    const calls = this.values();
    this.#latest.fill(undefined);
    this.#older.clear();
    this.#size = 0;
    return calls;
  }
}

function placeOf(callId: number): number {
  return callId & (PLACES - 1);
}
