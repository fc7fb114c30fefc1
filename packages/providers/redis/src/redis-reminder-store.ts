import { type DueEntry, pageOfDueEntries, type ReminderStore } from "@troupe/core";
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

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    if (limit <= 0 || buckets.length === 0) return [];
    const range = { from: after?.dueAt ?? Number.NEGATIVE_INFINITY, until };
    const found = new Map<number, readonly DueEntry[]>();
    let unsure = buckets;
    let share = Math.min(limit, Math.max(FIRST_SHARE_MIN, Math.ceil((2 * limit) / buckets.length)));
    for (;;) {
      for (const [bucket, entries] of await this.#earliest(unsure, range, share))
        found.set(bucket, entries);
      const page = pageOfDueEntries([...found.values()].flat(), limit, after);
      const last = page.length < limit ? Number.POSITIVE_INFINITY : (page.at(-1)?.dueAt ?? 0);
      unsure = unsure.filter((bucket) => mayHaveMore(found.get(bucket) ?? [], share, last));
      if (unsure.length === 0) return page;
      share *= SHARE_GROWTH;
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Of each bucket the earliest `count` entries that are due, in one round trip. */
  async #earliest(
    buckets: readonly number[],
    range: { readonly from: number; readonly until: number },
    count: number,
  ): Promise<Map<number, DueEntry[]>> {
    const from = range.from === Number.NEGATIVE_INFINITY ? "-inf" : range.from;
    const replies = await this.#connection.run((redis) =>
      Promise.all(
        buckets.map((bucket) =>
          redis.zrangebyscore(this.#keys.bucket(bucket), from, range.until, "LIMIT", 0, count),
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
 * True if a bucket gave all it was asked for and may have more that is due no later than the last
 * entry of the page. Members of one score do not stand in the order of entries, so those of the
 * last one's time may still come before it.
 */
function mayHaveMore(entries: readonly DueEntry[], share: number, last: number): boolean {
  return entries.length >= share && (entries.at(-1)?.dueAt ?? last) <= last;
}
