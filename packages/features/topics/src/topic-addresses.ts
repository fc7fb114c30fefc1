import type { ActorAddress } from "@troupe/core";
import type { Topic } from "./topic.ts";

/** The type of the actors that are the partitions of topics. */
export const PARTITION_TYPE = "troupe.topic";

/** What the types of the actors that read for subscribers begin with. */
const READER_TYPE = "troupe.subscriber.";

/**
 * The type of the actors that read partitions for the subscribers of a type. Silos that host the
 * one host the other, so that they know what the subscriptions say.
 */
export function readerTypeOf(type: string): string {
  return READER_TYPE + type;
}

/** The type of the subscribers for which actors of this type read. */
export function subscriberTypeOf(readerType: string): string {
  return readerType.slice(READER_TYPE.length);
}

/** The actor that is a partition of a topic. */
export function partitionAddress(topic: string, partition: number): ActorAddress {
  return { type: PARTITION_TYPE, id: `${topic}/${partition}` };
}

/** The actor that reads a partition for a group. */
export function readerAddress(
  partition: ActorAddress,
  reader: { readonly group: string; readonly type: string },
): ActorAddress {
  return { type: reader.type, id: `${partition.id}/${reader.group}` };
}

/** What the id of a reader says: its topic, its partition and its group. */
export function parseReader({ id }: ActorAddress): {
  readonly topic: string;
  readonly partition: ActorAddress;
  readonly group: string;
} {
  const [topic = "", number = "", group = ""] = id.split("/");
  return { topic, partition: { type: PARTITION_TYPE, id: `${topic}/${number}` }, group };
}

/** The partition of an event: by its key, or by its id if it has none. */
export function partitionFor(
  { name, partitions }: Pick<Topic, "name" | "partitions">,
  event: { readonly key?: string; readonly id: string },
): ActorAddress {
  return partitionAddress(name, hashOf(event.key ?? event.id) % partitions);
}

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a of the bytes of UTF-8: another hash would bring keys to other partitions. */
function hashOf(text: string): number {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
