import { type PubSub, TroupeError } from "@troupe/core";
import type { Topic } from "./topic.ts";

/** Where the brokers of a silo are found, by the names of their components. */
export interface BrokerSource {
  /** Throws `NO_SUCH_COMPONENT`, or `COMPONENT_UNAVAILABLE` for one that could not be opened. */
  pubsub(name: string): PubSub;
}

/** The broker of a topic. Throws `BAD_CONFIG` if the silo has none at all. */
export function brokerOf({ name, pubsub = "" }: Topic, brokers: BrokerSource | undefined): PubSub {
  if (brokers !== undefined) return brokers.pubsub(pubsub);
  const message = `the topic ${name} is on the component ${pubsub}, and the silo has no components for topics; give topics({ brokers: components }) to all silos`;
  throw new TroupeError("BAD_CONFIG", message);
}
