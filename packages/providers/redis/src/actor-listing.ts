import type { ActorAddress, ListPage, ListQuery } from "@troupe/core";
import type { Redis } from "ioredis";
import { RETIRED_FIELD } from "./actor-script.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/** The server of the next page, of those that have data, and its cursor there. */
interface Cursor {
  readonly server: number;
  readonly at: string;
}

/** Names of keys that a scan has found, and where it goes on. */
interface Found {
  readonly next: string;
  readonly names: readonly string[];
}

const START: Cursor = { server: 0, at: "0" };

/**
 * A page of the actors that have fields. A `SCAN` goes through the keys of one server after the
 * other, and gives each key that is there all the time once at least.
 */
export async function listActors(
  connection: RedisConnection,
  keys: StoreKeys,
  { type, after, limit }: ListQuery,
): Promise<ListPage> {
  const addresses: ActorAddress[] = [];
  const pattern = keys.actorPattern(type);
  let cursor = after === undefined ? START : parseCursor(after);
  while (addresses.length < limit) {
    const { server, at } = cursor;
    const found: Found | undefined = await connection.runOn(
      server,
      async (redis): Promise<Found> => {
        const [next, names]: [string, string[]] = await redis.scan(
          at,
          "MATCH",
          pattern,
          "COUNT",
          limit,
        );
        return { next, names: await withFields(redis, names) };
      },
    );
    // There are no more servers.
    if (found === undefined) return { addresses, next: undefined };
    addresses.push(...found.names.flatMap((name) => keys.parseActor(name) ?? []));
    cursor = found.next === "0" ? { server: server + 1, at: "0" } : { server, at: found.next };
  }
  return { addresses, next: `${cursor.server}:${cursor.at}` };
}

/** A hash has its control field, and what says that its actor is retired, besides the fields. */
async function withFields(redis: Redis, names: readonly string[]): Promise<string[]> {
  const counts = await Promise.all(
    names.map(async (name) => {
      const [all, retired] = await Promise.all([
        redis.hlen(name),
        redis.hexists(name, RETIRED_FIELD),
      ]);
      return all - retired - 1;
    }),
  );
  return names.filter((_, index) => (counts[index] ?? 0) > 0);
}

function parseCursor(text: string): Cursor {
  const [, server, at] = /^(\d+):(\d+)$/.exec(text) ?? [];
  return server === undefined || at === undefined ? START : { server: Number(server), at };
}
