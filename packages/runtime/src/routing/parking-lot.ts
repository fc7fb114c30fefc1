import type { ReplySink } from "@troupe/client";
import type { RequestEnvelope } from "@troupe/core";

/** Requests that wait here at the same time; more are refused, and their callers try again. */
const PARKED_MAX = 10_000;

interface Parked {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

/** Requests that came too early: for a view that is not here yet, an actor that is still elsewhere, or one that is just ending. */
export class ParkingLot {
  #parked: Parked[] = [];

  get isEmpty(): boolean {
    return this.#parked.length === 0;
  }

  /** False if there is no room. */
  park(request: RequestEnvelope, sink: ReplySink): boolean {
    if (this.#parked.length >= PARKED_MAX) return false;
    this.#parked.push({ request, sink });
    return true;
  }

  cancel(callId: number, sink: ReplySink): void {
    this.#parked = this.#parked.filter((parked) => parked.request.callId !== callId || parked.sink !== sink);
  }

  /** Hands out everything, in the order in which it came; what is still too early may be parked again. */
  release(dispatch: (request: RequestEnvelope, sink: ReplySink) => void): void {
    if (this.#parked.length === 0) return;
    const parked = this.#parked;
    this.#parked = [];
    for (const { request, sink } of parked) dispatch(request, sink);
  }
}
