import type { Database } from "lmdb";
import type { Head } from "./embedded-state-store.ts";
import type { Root } from "./environment.ts";
import { TIME_BYTES, timeKey, timeOf } from "./time-key.ts";

const NOTHING = Buffer.alloc(0);

/** Actors that one look gives: more than one retirement adds, so their number is bounded. */
const OVER_MAX = 4;

/** An actor that may be forgotten, if its head still has that number of changes. */
export interface OverActor {
  readonly key: Buffer;
  readonly change: number | undefined;
  /** Within the transaction that has seen to that. */
  readonly forget: () => void;
}

/** Which retired actors are to be forgotten, and when: keys of a time and an actor. */
export class RetiredTable {
  readonly #times: Database<Buffer, Buffer>;
  readonly #heads: Database<Head, Buffer>;

  constructor(root: Root, heads: Database<Head, Buffer>) {
    this.#heads = heads;
    this.#times = root.openDB<Buffer, Buffer>({
      name: "troupe-retired",
      keyEncoding: "binary",
      encoding: "binary",
    });
  }

  /** Within the transaction that retires the actor. */
  put(actor: Buffer, until: number): void {
    void this.#times.put(Buffer.concat([timeKey(until), actor]), NOTHING);
  }

  /** Some of the actors whose time was over by then. */
  over(now: number): OverActor[] {
    const range = { end: timeKey(now + 1), limit: OVER_MAX };
    return Array.from(this.#times.getKeys(range), (time) => {
      const key = Buffer.from(time.subarray(TIME_BYTES));
      const head = this.#heads.getEntry(key);
      // It may have been claimed since, or have been retired again.
      const isOver = head?.value.retiredUntil === timeOf(time);
      return {
        key,
        change: head?.version,
        forget: () => {
          void this.#times.remove(time);
          if (isOver) void this.#heads.remove(key);
        },
      };
    });
  }
}
