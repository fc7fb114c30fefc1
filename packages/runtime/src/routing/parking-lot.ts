import { DeadlineTimer, type ReplySink } from "@troupe/client";
import { type ActorAddress, type Clock, formatAddress, type RequestEnvelope } from "@troupe/core";

/** Requests that wait here at the same time. */
const PARKED_MAX = 10_000;

interface Parked {
  readonly key: string;
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

export type Take = (request: RequestEnvelope, sink: ReplySink) => void;

/** What becomes of a request that is not handed out. */
export interface ParkingLotParts {
  readonly clock: Clock;
  /** It has left, whatever for. */
  onLeft: Take;
  /** It was put out in favour of a caller that has less parked, and has to be answered. */
  onPutOut: Take;
}

/**
 * Requests that came too early: for a view that is not here yet, an actor that is still elsewhere,
 * or one that is just ending.
 *
 * PARK-1. Those for one actor are handed out in the order in which they came (C5).
 * PARK-2. A request leaves at its deadline, and when its caller's link has ended. Then nobody waits
 *         for it; only a one-way call outlives its link, because nobody ever waited for it.
 * PARK-3. When the lot is full, a caller that has less parked than another takes the place of the
 *         oldest request of whoever has most. So none keeps the others out.
 */
export class ParkingLot {
  readonly #parts: ParkingLotParts;
  readonly #byActor = new Map<string, Set<Parked>>();
  readonly #byCaller = new Map<ReplySink, Set<Parked>>();
  readonly #deadlines: DeadlineTimer;
  #size = 0;

  constructor(parts: ParkingLotParts) {
    this.#parts = parts;
    this.#deadlines = new DeadlineTimer(parts.clock, (now) => this.#dropOverdue(now));
  }

  get size(): number {
    return this.#size;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** False if there is no room for this caller. */
  park(request: RequestEnvelope, sink: ReplySink): boolean {
    if (this.#size >= PARKED_MAX && !this.#makeRoomFor(sink)) return false;
    const parked: Parked = { key: formatAddress(request), request, sink };
    addTo(this.#byActor, parked.key, parked);
    addTo(this.#byCaller, sink, parked);
    this.#size++;
    this.#deadlines.expect(request.deadline);
    return true;
  }

  cancel(request: { readonly callId: number } & ActorAddress, sink: ReplySink): void {
    for (const parked of this.#byActor.get(formatAddress(request)) ?? []) {
      if (parked.request.callId === request.callId && parked.sink === sink) this.#drop(parked);
    }
  }

  /** The caller's link has ended (PARK-2). */
  callerGone(sink: ReplySink): void {
    for (const parked of this.#byCaller.get(sink) ?? [])
      if (!parked.request.oneWay) this.#drop(parked);
  }

  /** Hands out everything; what is still too early may be parked again. */
  release(take: Take): void {
    // A copy: what is parked again comes last, for ever.
    for (const key of Array.from(this.#byActor.keys())) this.#handOut(key, take);
  }

  /** The same for one actor: when many come and go, each looks at what waits for it alone. */
  releaseOf(address: ActorAddress, take: Take): void {
    if (this.#size > 0) this.#handOut(formatAddress(address), take);
  }

  /** Forgets everything. */
  close(): void {
    this.#deadlines.stop();
    for (const parked of this.#all()) this.#drop(parked);
  }

  #handOut(key: string, take: Take): void {
    // All of them first: what is parked again comes behind those that are still to be handed out.
    const ofActor = [...(this.#byActor.get(key) ?? [])];
    for (const parked of ofActor) this.#drop(parked);
    for (const { request, sink } of ofActor) take(request, sink);
  }

  #drop(parked: Parked): void {
    const { key, request, sink } = parked;
    removeFrom(this.#byActor, key, parked);
    removeFrom(this.#byCaller, sink, parked);
    this.#size--;
    this.#parts.onLeft(request, sink);
  }

  #makeRoomFor(sink: ReplySink): boolean {
    const own = this.#byCaller.get(sink)?.size ?? 0;
    const heaviest = [...this.#byCaller.values()].reduce((most, other) =>
      other.size > most.size ? other : most,
    );
    const [oldest] = heaviest;
    if (heaviest.size <= own + 1 || oldest === undefined) return false;
    this.#drop(oldest);
    this.#parts.onPutOut(oldest.request, oldest.sink);
    return true;
  }

  #dropOverdue(now: number): void {
    for (const parked of this.#all()) {
      if (parked.request.deadline <= now) this.#drop(parked);
      else this.#deadlines.expect(parked.request.deadline);
    }
  }

  #all(): Parked[] {
    return [...this.#byActor.values()].flatMap((ofActor) => [...ofActor]);
  }
}

function addTo<K>(groups: Map<K, Set<Parked>>, key: K, parked: Parked): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, new Set([parked]));
  else group.add(parked);
}

function removeFrom<K>(groups: Map<K, Set<Parked>>, key: K, parked: Parked): void {
  const group = groups.get(key);
  group?.delete(parked);
  if (group?.size === 0) groups.delete(key);
}
