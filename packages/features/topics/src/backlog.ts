import type { StoredEvent } from "./topic-event.ts";
import type { DeliveryProgress } from "./delivery-progress.ts";

/** What is to be done with an event: hand it to an actor, pass it over, or give it up at once. */
export type Route =
  | { readonly kind: "deliver"; readonly id: string }
  | { readonly kind: "skip" }
  | { readonly kind: "bury"; readonly reason: string };

/** An event that was read, with what is to be done with it. */
export interface BacklogEntry {
  readonly seq: number;
  readonly size: number;
  readonly event: StoredEvent;
  readonly route: Route;
  /** When it was read, in milliseconds since the Unix epoch. */
  readonly readAt: number;
}

/** Bytes of events that are read ahead. One event is read in any case. */
const BYTES_MAX = 2 * 1_024 * 1_024;

/** Events that are read ahead. */
const COUNT_MAX = 512;

/** So far behind an event that is not done nothing is read. */
const HORIZON = 1_024;

/**
 * What a group has read of a partition and is not done with: in memory only, and bounded, however
 * slow the handlers are (P6).
 */
export class Backlog {
  readonly #entries = new Map<number, BacklogEntry>();
  #bytes = 0;
  /** The first number that was not read yet; undefined if nothing was read. */
  #readUpTo: number | undefined;

  /** In the order of their numbers. */
  get entries(): Iterable<BacklogEntry> {
    return this.#entries.values();
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  get readUpTo(): number | undefined {
    return this.#readUpTo;
  }

  find(seq: number): BacklogEntry | undefined {
    return this.#entries.get(seq);
  }

  /** Events were read that follow those before. */
  add(entries: readonly BacklogEntry[], readUpTo: number): void {
    for (const entry of entries) {
      this.#entries.set(entry.seq, entry);
      this.#bytes += entry.size;
    }
    this.#readUpTo = readUpTo;
  }

  /** Lets go of what is done. What is done has to be sure not to be undone. */
  prune(progress: DeliveryProgress): void {
    for (const seq of this.#entries.keys()) {
      if (seq >= progress.cursor) break;
      this.#drop(seq);
    }
    for (const seq of progress.done) this.#drop(seq);
  }

  /** True if more may be read. */
  hasRoom({ cursor }: DeliveryProgress): boolean {
    const ahead = (this.#readUpTo ?? cursor) - cursor;
    return ahead < HORIZON && this.#entries.size < COUNT_MAX && this.#bytes < BYTES_MAX;
  }

  #drop(seq: number): void {
    this.#bytes -= this.#entries.get(seq)?.size ?? 0;
    this.#entries.delete(seq);
  }
}
