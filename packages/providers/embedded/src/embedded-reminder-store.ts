import {
  compareDueEntries,
  type DueEntry,
  pageOfDueEntries,
  type ReminderStore,
} from "@troupe/core";
import { writeIfUnchanged } from "./conditional-write.ts";
import { type DueEntries, openDueEntries, putEntry, removeEntry } from "./due-entries.ts";
import { bucketEnd, bucketKey, parseDueKey } from "./due-key.ts";
import type { Environment } from "./environment.ts";
import type { WriteGate } from "./write-gate.ts";

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
  readonly #entries: DueEntries;

  constructor(environment: Environment, gate: WriteGate) {
    this.#environment = environment;
    this.#gate = gate;
    this.#entries = openDueEntries(environment);
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    await this.#write(entries, putEntry);
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    await this.#write(entries, removeEntry);
  }

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
    // Another process may have added what is due now.
    this.#entries.resetReadTxn();
    let earliest: DueEntry[] = [];
    let bound = until;
    const from = after?.dueAt ?? -Number.MAX_VALUE;
    for (const bucket of new Set(buckets)) {
      const range = { start: bucketKey(bucket, from), end: bucketEnd(bucket, bound) };
      let found = 0;
      let last = bound;
      for (const key of this.#entries.getKeys(range)) {
        const entry = parseDueKey(key);
        if (after !== undefined && compareDueEntries(entry, after) <= 0) continue;
        // Keys of one time do not stand in the order of entries, so all of them are looked at.
        if (found >= limit && entry.dueAt > last) break;
        earliest.push(entry);
        found++;
        last = entry.dueAt;
      }
      // With enough entries at hand, only what is due no later than the last can still matter.
      if (earliest.length >= 2 * limit) {
        earliest = pageOfDueEntries(earliest, limit, after);
        bound = earliest.at(-1)?.dueAt ?? bound;
      }
    }
    return pageOfDueEntries(earliest, limit, after);
  }

  async close(): Promise<void> {
    await this.#gate.idle();
    await this.#environment.close();
  }

  async #write(
    entries: readonly DueEntry[],
    change: (entries: DueEntries, entry: DueEntry) => void,
  ): Promise<void> {
    if (entries.length === 0) return;
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
    // Conditional only in form: the entry is never there. It makes one transaction of the changes,
    // with a promise of its own.
    await this.#gate.run(() =>
      writeIfUnchanged(this.#entries, NO_ENTRY, undefined, () => {
        for (const entry of entries) change(this.#entries, entry);
      }),
    );
  }
}
