/** A message as a broker keeps it. */
export interface BrokerMessage {
  /** Messages with one key keep their order. Undefined: the message has none. */
  readonly key: string | undefined;
  /** At most 1 MiB, and never looked at. */
  readonly data: Uint8Array;
  /** Names and values are texts. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What somebody wants to get of a topic. */
export interface BrokerSubscription {
  readonly topic: string;
  /** Consumers of one group share the messages; groups do not know of each other. */
  readonly group: string;
  /** Where the group begins if the broker does not know it. */
  readonly from: "earliest" | "latest";
  /** Messages that were fetched and are not done, at most. */
  readonly maxInFlight: number;
  /**
   * Handles a message. It is done when this resolves; if it rejects, the message comes again after
   * a pause. `attempt` is 1 at first, as far as this consumer knows.
   */
  handle(message: BrokerMessage, attempt: number): Promise<void>;
}

/** Somebody who gets messages. */
export interface BrokerConsumer {
  /**
   * Resolves when nothing is handled any more. What was not done comes again, to others of the
   * group.
   */
  close(): Promise<void>;
}

/**
 * Topics of a broker: the port of `pubsub.*`.
 *
 * - **P8.** When `publish` has resolved, the broker has the message, and gives it to each group
 *   that is there, or that begins at the earliest. When it rejects, it may have it nevertheless.
 * - **P3.** A message is done after `handle` has resolved, never before. One that was not comes
 *   again when its consumer is gone, to another of the group. So each comes once at least.
 * - **P4.** In a group, messages with one key are handled one at a time, in the order in which
 *   they were published. One that fails holds back its key, and no other.
 * - **P6.** A consumer has `maxInFlight` messages at most, and fetches no more until some are done.
 * - **P7.** A message has one consumer of a group at a time. When that dies, another goes on after
 *   the time that the type of component states.
 *
 * When the broker is away, `publish` and `subscribe` reject with `COMPONENT_UNAVAILABLE` within
 * seconds. A consumer that is open goes on by itself when the broker is back.
 */
export interface PubSub {
  publish(topic: string, message: BrokerMessage): Promise<void>;
  /** Resolves when the group is there. */
  subscribe(subscription: BrokerSubscription): Promise<BrokerConsumer>;
  /** Closes the consumers as well. */
  close(): Promise<void>;
}
