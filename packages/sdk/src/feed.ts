import { TroupeError } from "@troupe/core";
import { turnEffects } from "./turn-effects.ts";

/** What a reader may leave unread, unless the feed says otherwise. */
const MAX_DEFAULT = 1_000;
const MAX_LIMIT = 100_000;

/** Limits of a feed. */
export interface FeedOptions {
  /** Items that wait for one reader, from 1 to 100,000. Default 1,000. */
  readonly max?: number;
}

/**
 * A broadcast in the memory of one actor: what is pushed goes to everybody who reads just then. The
 * streams of an actor read it with `yield*`.
 *
 * What a turn pushes arrives when the turn has ended, and not at all if it throws. It is kept
 * nowhere: who comes later does not see it, and it ends with the activation. A reader that leaves
 * more than `max` items unread is told with `LAGGED`, and none is skipped in silence.
 *
 * @example
 * ```ts
 * @actor("Chat")
 * class Chat extends Actor {
 *   readonly #said = new Feed<string>();
 *
 *   async say(text: string) {
 *     this.#said.push(text);
 *   }
 *   async *follow() {
 *     yield* this.#said;
 *   }
 * }
 * ```
 */
export class Feed<T> implements AsyncIterable<T> {
  readonly #max: number;
  readonly #readers = new Set<FeedReader<T>>();

  /** Throws `BAD_CONFIG` for a `max` that is out of its range. */
  constructor({ max = MAX_DEFAULT }: FeedOptions = {}) {
    if (!Number.isInteger(max) || max < 1 || max > MAX_LIMIT)
      throw new TroupeError("BAD_CONFIG", `max of a feed is ${max}; give 1 to ${MAX_LIMIT}`);
    this.#max = max;
  }

  /** How many read it now. */
  get readers(): number {
    return this.#readers.size;
  }

  /** Gives an item to every reader, when the running turn has ended. */
  push(item: T): void {
    const deliver = (): void => {
      for (const reader of this.#readers) reader.take(item);
    };
    const turn = turnEffects();
    if (turn === undefined) deliver();
    else turn.onKept(deliver);
  }

  /**
   * Begins to read: items that are pushed from now on wait for the reader, also before it asks for
   * the first. So nothing is missed between a look at the state and the feed. Reading ends with the
   * stream whose turn began it.
   */
  subscribe(): AsyncIterableIterator<T, undefined> {
    const reader = new FeedReader<T>(this.#max, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    reader.endWith(turnEffects()?.signal);
    return reader;
  }

  /** As `subscribe`; so `for await` and `yield*` read it. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.subscribe();
  }

  /** Every reader ends when it has read what waits for it. */
  close(): void {
    for (const reader of this.#readers) reader.close();
  }
}

type Resolve<T> = (result: IteratorResult<T, undefined>) => void;

/**
 * One who reads a feed.
 *
 * FDR-1. It gives every item that was pushed since it began, in order, or `LAGGED` in the place of
 *         the first that it cannot.
 */
class FeedReader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #max: number;
  readonly #onEnd: () => void;
  #unread: T[] = [];
  readonly #waiters: Resolve<T>[] = [];
  #end: { readonly error: TroupeError | undefined } | undefined;

  constructor(max: number, onEnd: () => void) {
    this.#max = max;
    this.#onEnd = onEnd;
  }

  /** Reading ends when the signal is aborted. */
  endWith(signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) this.close();
    signal?.addEventListener("abort", () => void this.return(), { once: true });
  }

  take(item: T): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter({ value: item, done: false });
    else if (this.#unread.length < this.#max) this.#unread.push(item);
    else {
      const message = `${this.#max} items of a feed wait for a reader, and more came; read faster, or give the feed a larger max`;
      this.#finish(new TroupeError("LAGGED", message));
    }
  }

  close(): void {
    this.#finish(undefined);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#unread.length > 0)
      return Promise.resolve({ value: this.#unread.shift() as T, done: false });
    if (this.#end === undefined) return new Promise((resolve) => void this.#waiters.push(resolve));
    const { error } = this.#end;
    this.#end = { error: undefined };
    return error === undefined
      ? Promise.resolve({ value: undefined, done: true })
      : Promise.reject(error);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#unread = [];
    this.#finish(undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(error: TroupeError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#onEnd();
    for (const resolve of this.#waiters.splice(0)) resolve({ value: undefined, done: true });
  }
}
