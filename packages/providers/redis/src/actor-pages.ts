import type { ActorAddress, ListPage, ListQuery } from "@troupe/core";
import { Cluster, type Redis } from "ioredis";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/** A hash that has only its control field stores nothing of its actor. */
const CONTROL_FIELDS = 1;

/** Steps of one page, when none before found anything. */
const STEPS_MAX = 10;

/** The first cursor of `SCAN`, and what it gives at the end. */
const ENDS = "0";

/** One server of those that have data, in an order that all pages follow. */
interface Server {
  readonly name: string;
  readonly redis: Redis;
}

/**
 * The actors that have fields, as `SCAN` comes upon them, one server of a Redis Cluster after the
 * other. The cursor is that of `SCAN` and the server's name. While keys move from one server to
 * another, a sweep may miss some.
 */
export async function pageOfActors(
  connection: RedisConnection,
  keys: StoreKeys,
  query: ListQuery,
): Promise<ListPage> {
  let next = query.after;
  for (let steps = 1; ; steps++) {
    const page = await stepOf(connection, keys, { ...query, ...(next && { after: next }) });
    if (page.addresses.length > 0 || page.next === undefined || steps === STEPS_MAX) return page;
    next = page.next;
  }
}

async function stepOf(
  connection: RedisConnection,
  keys: StoreKeys,
  query: ListQuery,
): Promise<ListPage> {
  const [cursor = ENDS, name = ""] = query.after?.split(" ") ?? [];
  const servers = serversOf(connection);
  const server = servers.find((one) => one.name >= name);
  if (server === undefined) return { addresses: [], next: undefined };
  // The server of the cursor may be gone; the one that comes after it starts at its own beginning.
  const from = server.name === name ? cursor : ENDS;
  const pattern = keys.actorPattern(query);
  const count = Math.max(1, query.limit);
  const [reached, found] = await connection.run(() =>
    server.redis.scan(from, "MATCH", pattern, "COUNT", count),
  );
  const addresses = await withFields(connection, found, (key) => keys.parseActor(key, query));
  if (reached !== ENDS) return { addresses, next: `${reached} ${server.name}` };
  const after = servers[servers.indexOf(server) + 1];
  return { addresses, next: after && `${ENDS} ${after.name}` };
}

function serversOf({ client }: RedisConnection): Server[] {
  if (!(client instanceof Cluster)) return [{ name: "", redis: client }];
  return client
    .nodes("master")
    .map((redis) => ({ name: `${redis.options.host}:${redis.options.port}`, redis }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

async function withFields(
  connection: RedisConnection,
  found: readonly string[],
  parse: (key: string) => ActorAddress | undefined,
): Promise<ActorAddress[]> {
  const keyed = found.flatMap((key) => {
    const address = parse(key);
    return address === undefined ? [] : [{ key, address }];
  });
  const sizes = await connection.run((redis) =>
    Promise.all(keyed.map(({ key }) => redis.hlen(key))),
  );
  return keyed
    .filter((_, index) => (sizes[index] ?? 0) > CONTROL_FIELDS)
    .map(({ address }) => address);
}
