import type { ActorAddress } from "./actor-address.ts";

/**
 * That a reminder of an actor may be due at a time. Two entries are the same if all their fields
 * are equal.
 */
export interface DueEntry {
  /** From 0 to `REMINDER_BUCKETS - 1`; always the same for one actor. */
  readonly bucket: number;
  readonly address: ActorAddress;
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly dueAt: number;
}

/**
 * The index of due times: which reminders to look at, and when. The truth about a reminder is a
 * field of its actor (see `StateStore`); an entry is a hint to look there. So an entry is written
 * before the field that needs it and removed after the field is gone, and one too many is harmless.
 *
 * - `add` and `remove` may run twice. When they resolve the change survives any crash.
 * - `due` gives the entries of the buckets with `dueAt <= until`, earliest first, at most `limit`;
 *   its cost follows what it gives, not what is stored (D5).
 * - When the store is away, each rejects with `STORE_UNAVAILABLE` in bounded time.
 */
export interface ReminderStore {
  add(entries: readonly DueEntry[]): Promise<void>;
  remove(entries: readonly DueEntry[]): Promise<void>;
  due(buckets: readonly number[], until: number, limit: number): Promise<DueEntry[]>;
  close(): Promise<void>;
}
