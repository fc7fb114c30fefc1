import type { ActorAddress } from "@troupe/core";
import type { Topic } from "./topic.ts";

/** The type of the actors that are the partitions of topics. */
export const PARTITION_TYPE = "troupe.topic";

/** The type of the actors by which events leave for brokers. */
export const OUTLET_TYPE = "troupe.outlet";

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

/**
 * The partition of an event, or its way out to a broker: by its key, or by its id if it has none.
 */
export function partitionFor(
  { name, partitions, pubsub }: Pick<Topic, "name" | "partitions" | "pubsub">,
  event: { readonly key?: string; readonly id: string },
): ActorAddress {
  const number = hashOf(event.key ?? event.id) % partitions;
  if (pubsub === undefined) return partitionAddress(name, number);
  return { type: OUTLET_TYPE, id: `${pubsub}/${name}/${number}` };
}

/** What the id of an outlet says. */
export function parseOutlet({ id }: ActorAddress): {
  readonly pubsub: string;
  readonly topic: string;
} {
  const [pubsub = "", topic = ""] = id.split("/");
  return { pubsub, topic };
}

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a of the bytes of UTF-8: another hash would bring keys to other partitions. */
function hashOf(text: string): number {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
