import { messageOf } from "@troupe/core";
import { Cluster } from "ioredis";
import { REQUESTS_MAX } from "./actor-requests.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { RequestPacker } from "./request-packer.ts";
import type { StoreKeys } from "./store-keys.ts";

/** Two keys in different slots of a Redis Cluster. */
const APART = ["probe-1", "probe-2"].map((id) => ({ type: "Troupe", id }));

/**
 * For how many actors one command may be: a Redis that shares its keys out over several machines,
 * or could, takes only keys of one slot together, and each actor has a slot of its own.
 */
export async function requestsAtOnce(
  { client }: RedisConnection,
  keys: StoreKeys,
): Promise<number> {
  if (client instanceof Cluster) return 1;
  try {
    const probes = APART.map((address) => keys.actor(address));
    await client.troupeActorsBuffer(probes.length, ...probes, new RequestPacker().take(0));
    return REQUESTS_MAX;
  } catch (error) {
    // Whatever else is wrong, the first request will say.
    return messageOf(error).startsWith("CROSSSLOT") ? 1 : REQUESTS_MAX;
  }
}
