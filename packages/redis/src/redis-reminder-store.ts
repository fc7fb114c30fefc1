import type { DueEntry, ReminderStore } from "@troupe/core";
import { dueMember, parseDueMember } from "./due-member.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/** Entries in one command: few enough that no command holds up Redis for long. */
const ENTRIES_PER_COMMAND = 500;

/** Entries that are asked of each bucket first. Buckets are filled evenly, so a few more than its share are enough for most. */
const FIRST_SHARE_MIN = 4;

/** A bucket that had more is asked again for this many times as many. */
const SHARE_GROWTH = 8;

/**
 * The index of due times in Redis: a sorted set a bucket, the due time as score.
 *
 * `due` asks all buckets in one round trip for a share of the limit each, and again only those whose share was too small to
 * know the earliest entries of all.
 */
export class RedisReminderStore implements ReminderStore {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;

  constructor(connection: RedisConnection, keys: StoreKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    await this.#connection.run((redis) =>
      Promise.all(
        chunksByBucket(entries).map(([bucket, chunk]) =>
          redis.zadd(this.#keys.bucket(bucket), ...chunk.flatMap((entry) => [entry.dueAt, dueMember(entry)])),
        ),
      ),
    );
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    await this.#connection.run((redis) =>
      Promise.all(
        chunksByBucket(entries).map(([bucket, chunk]) =>
          redis.zrem(
            this.#keys.bucket(bucket),
            chunk.map((entry) => dueMember(entry)),
          ),
        ),
      ),
    );
  }

  async due(buckets: readonly number[], until: number, limit: number): Promise<DueEntry[]> {
    if (limit <= 0 || buckets.length === 0) return [];
    const found = new Map<number, readonly DueEntry[]>();
    let unsure = buckets;
    let share = Math.min(limit, Math.max(FIRST_SHARE_MIN, Math.ceil((2 * limit) / buckets.length)));
    for (;;) {
      for (const [bucket, entries] of await this.#earliest(unsure, until, share)) found.set(bucket, entries);
      const earliest = [...found.values()]
        .flat()
        .toSorted((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit);
      const last = earliest.length < limit ? Number.POSITIVE_INFINITY : (earliest.at(-1)?.dueAt ?? 0);
      unsure = share >= limit ? [] : unsure.filter((bucket) => mayHaveMore(found.get(bucket) ?? [], share, last));
      if (unsure.length === 0) return earliest;
      share = Math.min(limit, share * SHARE_GROWTH);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Of each bucket the earliest `count` entries that are due, in one round trip. */
  async #earliest(buckets: readonly number[], until: number, count: number): Promise<Map<number, DueEntry[]>> {
    const replies = await this.#connection.run((redis) =>
      Promise.all(buckets.map((bucket) => redis.zrangebyscore(this.#keys.bucket(bucket), "-inf", until, "LIMIT", 0, count))),
    );
    return new Map(
      buckets.map((bucket, index) => [bucket, (replies[index] ?? []).flatMap((member) => parseDueMember(bucket, member) ?? [])]),
    );
  }
}

/** True if a bucket gave all it was asked for and may have more before the last entry that is wanted. */
function mayHaveMore(entries: readonly DueEntry[], share: number, last: number): boolean {
  return entries.length >= share && (entries.at(-1)?.dueAt ?? last) < last;
}

function chunksByBucket(entries: readonly DueEntry[]): [number, DueEntry[]][] {
  const chunks: [number, DueEntry[]][] = [];
  const open = new Map<number, DueEntry[]>();
  for (const entry of entries) {
    let chunk = open.get(entry.bucket);
    if (chunk === undefined || chunk.length >= ENTRIES_PER_COMMAND) {
      chunk = [];
      open.set(entry.bucket, chunk);
      chunks.push([entry.bucket, chunk]);
    }
    chunk.push(entry);
  }
  return chunks;
}
