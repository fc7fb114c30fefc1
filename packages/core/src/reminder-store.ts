import type { ActorAddress } from "./actor-address.ts";

/**
 * That something of an actor may have to be looked at, mostly that a reminder may be due. Two
 * entries are the same if all their fields are equal.
 */
export interface DueEntry {
  /** Below `REMINDER_BUCKETS` for what is due; see `limits.ts` for the others. */
  readonly bucket: number;
  readonly address: ActorAddress;
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly dueAt: number;
  /**
   * Tells the entry from an earlier one of the same actor, name and time, so that a late removal of
   * that one cannot take this one away. At most 64 characters of `0-9 a-z A-Z . : _ -`. Empty for
   * entries of versions of Troupe that had no tags.
   */
  readonly tag: string;
}

/**
 * The index of due times: which reminders to look at, and when. The truth about a reminder is a
 * field of its actor (see `StateStore`); an entry is a hint to look there, and one too many is
 * harmless. A commit carries the entries of its records (`Commit.due`); this port reads them, and
 * tidies up.
 *
 * - `add` and `remove` may run twice. When they resolve the change survives any crash.
 * - `due` gives the entries of the buckets with `dueAt <= until`, earliest first, at most `limit`;
 *   its cost follows what it gives, not what is stored (D5). `after` is the last entry of the page
 *   before. An entry that is there from the first page to the last is given once.
 * - When the store is away, each rejects with `STORE_UNAVAILABLE` in bounded time.
 */
export interface ReminderStore {
  add(entries: readonly DueEntry[]): Promise<void>;
  remove(entries: readonly DueEntry[]): Promise<void>;
  due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]>;
  close(): Promise<void>;
}

/** The order in which `due` gives entries. It is total, so that pages follow each other. */
export function compareDueEntries(one: DueEntry, other: DueEntry): number {
  return one.dueAt - other.dueAt || one.bucket - other.bucket || compareText(one, other);
}

function compareText(one: DueEntry, other: DueEntry): number {
  const a = textOf(one);
  const b = textOf(other);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function textOf({ address, name, tag }: DueEntry): string {
  return JSON.stringify([address.type, address.id, name, tag]);
}

/** The page of sorted entries that begins behind `after`. */
export function pageOfDueEntries(
  entries: readonly DueEntry[],
  limit: number,
  after: DueEntry | undefined,
): DueEntry[] {
  const sorted = entries.toSorted(compareDueEntries);
  const rest =
    after === undefined ? sorted : sorted.filter((entry) => compareDueEntries(entry, after) > 0);
  return rest.slice(0, limit);
}
