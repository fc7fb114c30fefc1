import type { DueEntry, ReminderStore } from "@troupe/core";
import { writeIfUnchanged } from "./conditional-write.ts";
import { bucketEnd, bucketKey, keyAfter, parseDueKey } from "./due-key.ts";
import { type DueTable, openDueTable, putEntries, removeEntries } from "./due-table.ts";
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
  readonly #entries: DueTable;

  constructor(environment: Environment, gate: WriteGate) {
    this.#environment = environment;
    this.#gate = gate;
    this.#entries = openDueTable(environment.root);
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    await this.#write(entries, () => putEntries(this.#entries, entries));
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    await this.#write(entries, () => removeEntries(this.#entries, entries));
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
    // Sorting is stable, so entries of one time stay in the order of their buckets and keys.
    for (const bucket of [...new Set(buckets)].toSorted((a, b) => a - b)) {
      const range = {
        start: after === undefined ? bucketKey(bucket, -Number.MAX_VALUE) : keyAfter(bucket, after),
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

  async #write(entries: readonly DueEntry[], change: () => void): Promise<void> {
    if (entries.length === 0) return;
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
    // Conditional only in form: the entry is never there. It makes one transaction of the changes,
    // with a promise of its own.
    await this.#gate.run(() => writeIfUnchanged(this.#entries, NO_ENTRY, undefined, change));
  }
}

function sortByTime(entries: readonly DueEntry[]): DueEntry[] {
  return entries.toSorted((a, b) => a.dueAt - b.dueAt);
}
