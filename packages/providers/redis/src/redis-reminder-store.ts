import type { DueEntry, ReminderStore } from "@troupe/core";
import { ActorRequests } from "./actor-requests.ts";
import { dueMember, parseDueMember } from "./due-member.ts";
import { DueNotes } from "./due-notes.ts";
import { requestsAtOnce } from "./requests-at-once.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { ScriptedRedis } from "./redis-client.ts";
import type { StoreKeys } from "./store-keys.ts";

/**
 * Entries that are asked of each bucket first. Buckets are filled evenly, so a few more than its
 * share are enough for most.
 */
const FIRST_SHARE_MIN = 4;

/** A bucket that had more is asked again for this many times as many. */
const SHARE_GROWTH = 8;

/** What one bucket gave. */
interface Share {
  readonly bucket: number;
  readonly entries: readonly DueEntry[];
  /** True if it gave all it was asked for, so that it may have more. */
  readonly isFull: boolean;
}

/** What is asked of each bucket. */
interface Look {
  readonly until: number;
  readonly count: number;
  readonly after: DueEntry | undefined;
}

/**
 * The index of due times in Redis: a sorted set a bucket, the due time as score.
 *
 * `due` asks all buckets in one round trip for a share of the limit each, and again only those
 * whose share was too small to know the earliest entries of all.
 */
export class RedisReminderStore implements ReminderStore {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #notes: DueNotes;

  /** Takes a connection of its own. */
  static async on(connection: RedisConnection, keys: StoreKeys): Promise<RedisReminderStore> {
    return new RedisReminderStore(connection, keys, await requestsAtOnce(connection, keys));
  }

  private constructor(connection: RedisConnection, keys: StoreKeys, requestsMax: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#notes = new DueNotes(new ActorRequests(connection, keys, requestsMax), keys);
  }

  add(entries: readonly DueEntry[]): Promise<void> {
    return this.#notes.add(entries);
  }

  remove(entries: readonly DueEntry[]): Promise<void> {
    return this.#notes.remove(entries);
  }

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    if (limit <= 0 || buckets.length === 0) return [];
    const shares = new Map<number, Share>();
    // In this order entries of one time stand one after the other.
    let unsure = [...new Set(buckets)].toSorted((a, b) => a - b);
    let count = Math.min(limit, Math.max(FIRST_SHARE_MIN, Math.ceil((2 * limit) / unsure.length)));
    for (;;) {
      for (const share of await this.#earliest(unsure, { until, count, after }))
        shares.set(share.bucket, share);
      const earliest = [...shares.values()]
        .flatMap(({ entries }) => entries)
        // The sort is stable.
        .toSorted((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit);
      const last = earliest.length < limit ? undefined : earliest.at(-1);
      unsure =
        count >= limit ? [] : unsure.filter((bucket) => mayHaveMore(shares.get(bucket), last));
      if (unsure.length === 0) return earliest;
      count = Math.min(limit, count * SHARE_GROWTH);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Of each bucket the earliest `count` entries that are due, in one round trip. */
  async #earliest(buckets: readonly number[], look: Look): Promise<Share[]> {
    const replies = await this.#connection.run((redis) =>
      Promise.all(buckets.map((bucket) => this.#membersOf(redis, bucket, look))),
    );
    return buckets.map((bucket, index) => {
      const members = replies[index] ?? [];
      return {
        bucket,
        entries: members.flatMap((member) => parseDueMember(bucket, member) ?? []),
        isFull: members.length >= look.count,
      };
    });
  }

  #membersOf(
    redis: ScriptedRedis,
    bucket: number,
    { until, count, after }: Look,
  ): Promise<string[]> {
    const key = this.#keys.bucket(bucket);
    if (bucket === after?.bucket)
      return redis.troupeDueAfter(key, after.dueAt, dueMember(after), until, count);
    const before = after !== undefined && bucket < after.bucket;
    const from = after === undefined ? "-inf" : `${before ? "(" : ""}${after.dueAt}`;
    return redis.zrangebyscore(key, from, until, "LIMIT", 0, count);
  }
}

/** True if a bucket may have more before the last entry that is wanted, or anywhere without one. */
function mayHaveMore(share: Share | undefined, last: DueEntry | undefined): boolean {
  if (share === undefined || !share.isFull) return false;
  const own = share.entries.at(-1);
  if (last === undefined || own === undefined) return true;
  return own.dueAt < last.dueAt || (own.dueAt === last.dueAt && share.bucket < last.bucket);
}
