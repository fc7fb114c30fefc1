import {
  compareDueEntries,
  type DueEntry,
  pageOfDueEntries,
  type ReminderStore,
  TroupeError,
} from "@troupe/core";

/** The entries of an index, whatever holds them. */
export type DueIndex = Pick<MemoryDueIndex, "add" | "remove" | "due">;

/**
 * The entries themselves, which outlive the stores that are opened on them: each bucket in the order
 * of `compareDueEntries`.
 */
export class MemoryDueIndex {
  readonly #buckets = new Map<number, DueEntry[]>();

  add(entry: DueEntry): void {
    const entries = this.#buckets.get(entry.bucket) ?? [];
    this.#buckets.set(entry.bucket, entries);
    const place = placeOf(entries, entry);
    const there = entries[place];
    if (there !== undefined && compareDueEntries(there, entry) === 0) return;
    const { bucket, address, name, dueAt, tag } = entry;
    const { type, id } = address;
    entries.splice(place, 0, { bucket, address: { type, id }, name, dueAt, tag });
  }

  remove(entry: DueEntry): void {
    const entries = this.#buckets.get(entry.bucket) ?? [];
    const place = placeOf(entries, entry);
    const there = entries[place];
    if (there !== undefined && compareDueEntries(there, entry) === 0) entries.splice(place, 1);
  }

  due(buckets: readonly number[], until: number, limit: number, after?: DueEntry): DueEntry[] {
    const found: DueEntry[] = [];
    for (const bucket of new Set(buckets)) {
      const entries = this.#buckets.get(bucket) ?? [];
      const from = after === undefined ? 0 : placeOf(entries, after);
      for (let index = from; index <= from + limit; index++) {
        const entry = entries[index];
        if (entry === undefined || entry.dueAt > until) break;
        found.push(entry);
      }
    }
    return pageOfDueEntries(found, limit, after);
  }
}

/** A `ReminderStore` on this process's memory. Several may be open on one `MemoryDueIndex`. */
export class MemoryReminderStore implements ReminderStore {
  readonly #index: DueIndex;
  #closed = false;

  constructor(index: DueIndex = new MemoryDueIndex()) {
    this.#index = index;
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    this.#checkOpen();
    for (const entry of entries) this.#index.add(entry);
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    this.#checkOpen();
    for (const entry of entries) this.#index.remove(entry);
  }

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    this.#checkOpen();
    return this.#index.due(buckets, until, limit, after);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new TroupeError("STORE_UNAVAILABLE", "this reminder store was closed", {
        ran: "no",
        retryable: false,
      });
  }
}

/** Where an entry is in a bucket, or would be put. */
function placeOf(entries: readonly DueEntry[], entry: DueEntry): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = entries[middle];
    if (other !== undefined && compareDueEntries(other, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
