import type { ActorAddress, ListPage, ListQuery } from "@troupe/core";
import type { Database } from "lmdb";
import { actorKey, fieldsEnd, parseActorKey, typeKey } from "./actor-key.ts";

/** Actors that one page looks at: a seek each, some microseconds of the event loop. */
const LOOKED_AT_MAX = 1_000;

/** The actors that have fields, in the order of their keys. The cursor is the last actor's key. */
export function pageOfActors(
  fields: Database<Buffer, Buffer>,
  { type, prefix = "", after, limit }: ListQuery,
): ListPage {
  const addresses: ActorAddress[] = [];
  const end = type === undefined ? undefined : fieldsEnd(typeKey(type));
  let start = type === undefined ? Buffer.alloc(0) : typeKey(type);
  if (after !== undefined) start = fieldsEnd(Buffer.from(after, "base64url"));
  for (let looked = 0; looked < LOOKED_AT_MAX && addresses.length < limit; looked++) {
    const range = end === undefined ? { start, limit: 1 } : { start, end, limit: 1 };
    const [key] = fields.getKeys(range);
    if (key === undefined) return { addresses, next: undefined };
    const { address } = parseActorKey(key, 0);
    if (address.id.startsWith(prefix)) addresses.push(address);
    start = fieldsEnd(actorKey(address));
  }
  return { addresses, next: start.subarray(0, -1).toString("base64url") };
}
