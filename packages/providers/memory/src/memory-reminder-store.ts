import { TroupeError, type DueEntry, type ReminderStore } from "@troupe/core";

interface KeyedEntry {
  readonly entry: DueEntry;
  readonly key: string;
}

/**
 * The entries themselves, which outlive the stores that are opened on them: each bucket sorted by
 * due time, then by key.
 */
export class MemoryDueIndex {
  readonly #buckets = new Map<number, KeyedEntry[]>();

  add(entry: DueEntry): void {
    const { bucket, address, name, dueAt } = entry;
    const key = keyOf(entry);
    const entries = this.#buckets.get(bucket) ?? [];
    this.#buckets.set(bucket, entries);
    const place = placeOf(entries, dueAt, key);
    if (entries[place]?.key === key) return;
    entries.splice(place, 0, {
      key,
      entry: { bucket, address: { type: address.type, id: address.id }, name, dueAt },
    });
  }

  remove(entry: DueEntry): void {
    const entries = this.#buckets.get(entry.bucket) ?? [];
    const key = keyOf(entry);
    const place = placeOf(entries, entry.dueAt, key);
    if (entries[place]?.key === key) entries.splice(place, 1);
  }

  due(buckets: readonly number[], until: number, limit: number): DueEntry[] {
    const found: DueEntry[] = [];
    for (const bucket of new Set(buckets)) {
      const entries = this.#buckets.get(bucket) ?? [];
      for (let index = 0; index < limit; index++) {
        const entry = entries[index]?.entry;
        if (entry === undefined || entry.dueAt > until) break;
        found.push(entry);
      }
    }
    return found.toSorted((a, b) => a.dueAt - b.dueAt).slice(0, limit);
  }
}

/** A `ReminderStore` on this process's memory. Several may be open on one `MemoryDueIndex`. */
export class MemoryReminderStore implements ReminderStore {
  readonly #index: MemoryDueIndex;
  #closed = false;

  constructor(index: MemoryDueIndex = new MemoryDueIndex()) {
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

  async due(buckets: readonly number[], until: number, limit: number): Promise<DueEntry[]> {
    this.#checkOpen();
    return this.#index.due(buckets, until, limit);
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

function keyOf({ address, name, dueAt }: DueEntry): string {
  return JSON.stringify([address.type, address.id, name, dueAt]);
}

/** Where an entry of that time and key is, or would be put. */
function placeOf(entries: readonly KeyedEntry[], dueAt: number, key: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = entries[middle];
    if (
      other !== undefined &&
      (other.entry.dueAt < dueAt || (other.entry.dueAt === dueAt && other.key < key))
    )
      low = middle + 1;
    else high = middle;
  }
  return low;
}
