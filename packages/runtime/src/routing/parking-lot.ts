import type { ReplySink } from "@troupe/client";
import { type ActorAddress, formatAddress, type RequestEnvelope } from "@troupe/core";

/** Requests that wait here at the same time; more are refused, and their callers try again. */
const PARKED_MAX = 10_000;

interface Parked {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

type Take = (request: RequestEnvelope, sink: ReplySink) => void;

/**
 * Requests that came too early: for a view that is not here yet, an actor that is still elsewhere,
 * or one that is just ending. Those for one actor are handed out in the order in which they came
 * (C5).
 */
export class ParkingLot {
  readonly #parked = new Map<string, Parked[]>();
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** False if there is no room. */
  park(request: RequestEnvelope, sink: ReplySink): boolean {
    if (this.#size >= PARKED_MAX) return false;
    const key = formatAddress(request);
    const parked = this.#parked.get(key);
    if (parked === undefined) this.#parked.set(key, [{ request, sink }]);
    else parked.push({ request, sink });
    this.#size++;
    return true;
  }

  cancel(request: { readonly callId: number } & ActorAddress, sink: ReplySink): void {
    const key = formatAddress(request);
    const left = this.#take(key).filter(
      (parked) => parked.request.callId !== request.callId || parked.sink !== sink,
    );
    if (left.length > 0) this.#parked.set(key, left);
    this.#size += left.length;
  }

  /** Hands out everything; what is still too early may be parked again. */
  release(take: Take): void {
    // A copy: what is parked again comes last, for ever.
    for (const key of Array.from(this.#parked.keys())) this.#handOut(key, take);
  }

  /** The same for one actor: when many come and go, each looks at what waits for it alone. */
  releaseOf(address: ActorAddress, take: Take): void {
    if (this.#size > 0) this.#handOut(formatAddress(address), take);
  }

  #handOut(key: string, take: Take): void {
    for (const { request, sink } of this.#take(key)) take(request, sink);
  }

  #take(key: string): Parked[] {
    const parked = this.#parked.get(key) ?? [];
    this.#parked.delete(key);
    this.#size -= parked.length;
    return parked;
  }
}
