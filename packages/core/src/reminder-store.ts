import type { ActorAddress } from "./actor-address.ts";

/**
 * That something of an actor may be due at a time. Two entries are the same if all their fields
 * are equal, the tag included.
 */
export interface DueEntry {
  /**
   * Always the same for one actor and one kind of entry. From 0 to `REMINDER_BUCKETS - 1` for
   * reminders; other kinds have buckets of their own above, up to 65,535.
   */
  readonly bucket: number;
  readonly address: ActorAddress;
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly dueAt: number;
  /**
   * Tells the entry from an earlier one of the same actor, name and time. So a removal of the
   * earlier one that arrives late cannot take this one away. Empty for entries that Troupe wrote
   * before there were tags. At most 64 characters of `[0-9a-zA-Z.:_-]`.
   */
  readonly tag: string;
}

/**
 * The index of due times: which actors to look at, and when. The truth about a reminder is a field
 * of its actor (see `StateStore`), and an entry is a hint to look there. So an entry is written
 * before the field that needs it and removed after the field is gone. One entry too many is
 * harmless.
 *
 * - `add` and `remove` may run twice. When they resolve, the change survives any crash.
 * - `due` gives the entries of the buckets with `dueAt <= until`, earliest first, at most `limit`.
 *   Entries of one time come in an order of the store's own, which never changes. With `after`,
 *   only entries that come after that one are given, whether it is still stored or not. So pages
 *   that each start after the last entry of the page before give each entry that is there all the
 *   time exactly once. The cost follows what is given, not what is stored (D5).
 * - When the store is away, each rejects with `STORE_UNAVAILABLE` in bounded time. Whether an
 *   addition or a removal was made is then unknown, and it may be made much later.
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
