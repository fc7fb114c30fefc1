import type { DueEntry, ReminderStore } from "@troupe/core";
import { ActorRequests } from "./actor-requests.ts";
import { parseDueMember } from "./due-member.ts";
import { requestsAtOnce } from "./requests-at-once.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/**
 * Entries that are asked of each bucket first. Buckets are filled evenly, so a few more than its
 * share are enough for most.
 */
const FIRST_SHARE_MIN = 4;

/** A bucket that had more is asked again for this many times as many. */
const SHARE_GROWTH = 8;

/**
 * The index of due times in Redis: a sorted set a bucket, the due time as score.
 *
 * `due` asks all buckets in one round trip for a share of the limit each, and again only those
 * whose share was too small to know the earliest entries of all.
 */
export class RedisReminderStore implements ReminderStore {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #requests: ActorRequests;

  /** Takes a connection of its own. */
  static async on(connection: RedisConnection, keys: StoreKeys): Promise<RedisReminderStore> {
    return new RedisReminderStore(connection, keys, await requestsAtOnce(connection, keys));
  }

  private constructor(connection: RedisConnection, keys: StoreKeys, requestsMax: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#requests = new ActorRequests(connection, requestsMax);
  }

  add(entries: readonly DueEntry[]): Promise<void> {
    return this.#note("add", entries);
  }

  remove(entries: readonly DueEntry[]): Promise<void> {
    return this.#note("remove", entries);
  }

  async #note(kind: "add" | "remove", entries: readonly DueEntry[]): Promise<void> {
    await Promise.all(
      entries.map((entry) => this.#requests.note(kind, this.#keys.bucket(entry.bucket), entry)),
    );
  }

  async due(buckets: readonly number[], until: number, limit: number): Promise<DueEntry[]> {
    if (limit <= 0 || buckets.length === 0) return [];
    const found = new Map<number, readonly DueEntry[]>();
    let unsure = buckets;
    let share = Math.min(limit, Math.max(FIRST_SHARE_MIN, Math.ceil((2 * limit) / buckets.length)));
    for (;;) {
      for (const [bucket, entries] of await this.#earliest(unsure, until, share))
        found.set(bucket, entries);
      const earliest = [...found.values()]
        .flat()
        .toSorted((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit);
      const last =
        earliest.length < limit ? Number.POSITIVE_INFINITY : (earliest.at(-1)?.dueAt ?? 0);
      unsure =
        share >= limit
          ? []
          : unsure.filter((bucket) => mayHaveMore(found.get(bucket) ?? [], share, last));
      if (unsure.length === 0) return earliest;
      share = Math.min(limit, share * SHARE_GROWTH);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Of each bucket the earliest `count` entries that are due, in one round trip. */
  async #earliest(
    buckets: readonly number[],
    until: number,
    count: number,
  ): Promise<Map<number, DueEntry[]>> {
    const replies = await this.#connection.run((redis) =>
      Promise.all(
        buckets.map((bucket) =>
          redis.zrangebyscore(this.#keys.bucket(bucket), "-inf", until, "LIMIT", 0, count),
        ),
      ),
    );
    return new Map(
      buckets.map((bucket, index) => [
        bucket,
        (replies[index] ?? []).flatMap((member) => parseDueMember(bucket, member) ?? []),
      ]),
    );
  }
}

/**
 * True if a bucket gave all it was asked for and may have more before the last entry that is
 * wanted.
 */
function mayHaveMore(entries: readonly DueEntry[], share: number, last: number): boolean {
  return entries.length >= share && (entries.at(-1)?.dueAt ?? last) < last;
}
