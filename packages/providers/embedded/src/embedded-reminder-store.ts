import type { DueEntry, ReminderStore } from "@troupe/core";
import type { Database } from "lmdb";
import { writeIfUnchanged } from "./conditional-write.ts";
import { bucketEnd, bucketKey, dueKey, parseDueKey } from "./due-key.ts";
import type { Environment } from "./environment.ts";
import type { WriteGate } from "./write-gate.ts";

/** The key says everything. */
const NOTHING = Buffer.alloc(0);

/** Not the key of any entry: it is shorter than a bucket and a time. */
const NO_ENTRY = Buffer.from([0]);

/**
 * The index of due times in an lmdb environment, for several processes at once.
 *
 * An entry is a key without a value, so adding and removing may run twice. One look takes one seek
 * for each bucket (some microseconds) and one step for each entry that may be among the earliest;
 * what is due later is never touched.
 */
export class EmbeddedReminderStore implements ReminderStore {
  readonly #environment: Environment;
  readonly #gate: WriteGate;
  readonly #entries: Database<Buffer, Buffer>;

  constructor(environment: Environment, gate: WriteGate) {
    this.#environment = environment;
    this.#gate = gate;
    this.#entries = environment.root.openDB<Buffer, Buffer>({
      name: "troupe-due",
      keyEncoding: "binary",
      encoding: "binary",
    });
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    await this.#write(entries, (key) => void this.#entries.put(key, NOTHING));
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    await this.#write(entries, (key) => void this.#entries.remove(key));
  }

  async due(buckets: readonly number[], until: number, limit: number): Promise<DueEntry[]> {
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
    // Another process may have added what is due now.
    this.#entries.resetReadTxn();
    let earliest: DueEntry[] = [];
    let bound = until;
    for (const bucket of new Set(buckets)) {
      const range = {
        start: bucketKey(bucket, -Number.MAX_VALUE),
        end: bucketEnd(bucket, bound),
        limit,
      };
      for (const key of this.#entries.getKeys(range)) earliest.push(parseDueKey(key));
      // With enough entries at hand, only what is due before the last of them can still matter.
      if (earliest.length >= 2 * limit) {
        earliest = sortByTime(earliest).slice(0, limit);
        bound = earliest.at(-1)?.dueAt ?? bound;
      }
    }
    return sortByTime(earliest).slice(0, limit);
  }

  async close(): Promise<void> {
    await this.#gate.idle();
    await this.#environment.close();
  }

  async #write(entries: readonly DueEntry[], change: (key: Buffer) => void): Promise<void> {
    if (entries.length === 0) return;
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
    const keys = entries.map(dueKey);
    // Conditional only in form: the entry is never there. It makes one transaction of the changes,
    // with a promise of its own.
    await this.#gate.run(() =>
      writeIfUnchanged(this.#entries, NO_ENTRY, undefined, () => keys.forEach(change)),
    );
  }
}

function sortByTime(entries: readonly DueEntry[]): DueEntry[] {
  return entries.toSorted((a, b) => a.dueAt - b.dueAt);
}
