import type { DueEntry } from "@troupe/core";

interface KeyedEntry {
  readonly entry: DueEntry;
  readonly key: string;
}

/** The entries of an index, whatever holds them. */
export type DueIndex = Pick<MemoryDueIndex, "add" | "remove" | "due">;

/** Keys start with a bracket. */
const BEFORE_ALL = "";
const AFTER_ALL = "\uffff";

/**
 * The entries of the index themselves, which outlive the stores that are opened on them. Each
 * bucket is sorted by due time, then by key.
 */
export class MemoryDueIndex {
  readonly #buckets = new Map<number, KeyedEntry[]>();

  add(entry: DueEntry): void {
    const { bucket, address, name, dueAt, tag } = entry;
    const key = keyOf(entry);
    const entries = this.#buckets.get(bucket) ?? [];
    this.#buckets.set(bucket, entries);
    const place = placeOf(entries, dueAt, key);
    if (entries[place]?.key === key) return;
    entries.splice(place, 0, {
      key,
      entry: { bucket, address: { type: address.type, id: address.id }, name, dueAt, tag },
    });
  }

  remove(entry: DueEntry): void {
    const entries = this.#buckets.get(entry.bucket) ?? [];
    const key = keyOf(entry);
    const place = placeOf(entries, entry.dueAt, key);
    if (entries[place]?.key === key) entries.splice(place, 1);
  }

  /** Earliest first; entries of one time by bucket, then by key. */
  due(buckets: readonly number[], until: number, limit: number, after?: DueEntry): DueEntry[] {
    const found: DueEntry[] = [];
    for (const bucket of [...new Set(buckets)].toSorted((a, b) => a - b)) {
      const entries = this.#buckets.get(bucket) ?? [];
      const start = after === undefined ? 0 : startAfter(entries, bucket, after);
      for (let index = start; index < start + limit; index++) {
        const entry = entries[index]?.entry;
        if (entry === undefined || entry.dueAt > until) break;
        found.push(entry);
      }
    }
    // The sort is stable, so that entries of one time stay in the order of their buckets.
    return found.toSorted((a, b) => a.dueAt - b.dueAt).slice(0, limit);
  }
}

function keyOf({ address, name, dueAt, tag }: DueEntry): string {
  return JSON.stringify([address.type, address.id, name, dueAt, tag]);
}

/** The first place of the bucket whose entry comes after that one. */
function startAfter(entries: readonly KeyedEntry[], bucket: number, after: DueEntry): number {
  if (bucket > after.bucket) return placeOf(entries, after.dueAt, BEFORE_ALL);
  if (bucket < after.bucket) return placeOf(entries, after.dueAt, AFTER_ALL);
  // No key is the beginning of another one.
  return placeOf(entries, after.dueAt, `${keyOf(after)}\0`);
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
