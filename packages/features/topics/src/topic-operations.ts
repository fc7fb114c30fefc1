import type { AdminLink } from "@troupe/client";
import type { ActorAddress } from "@troupe/core";
import { type ActorClass, definitionOf } from "@troupe/sdk";
import type { DeadEvent as StoredDeadEvent } from "./dead-events.ts";
import type { PartitionNumbers } from "./partition.ts";
import { partitionAddress, readerAddress, readerTypeOf } from "./topic-addresses.ts";
import type { Topic } from "./topic.ts";
import { eventWithoutReferences, type TopicEvent } from "./topic-event.ts";
import {
  DEAD_TURN,
  DROP_DEAD_TURN,
  DROP_GROUP_TURN,
  NUMBERS_TURN,
  RESEND_DEAD_TURN,
} from "./topic-turns.ts";

/** An event that a group gave up. `partition` and `seq` tell it from the others. */
export interface DeadEvent {
  readonly partition: number;
  readonly seq: number;
  readonly event: TopicEvent;
  /** The actor that was to handle it; undefined if the subscription could not name one. */
  readonly id: string | undefined;
  /** What went wrong, the oldest first; at most the last five times. */
  readonly reasons: readonly string[];
  /** When it was given up, in milliseconds since the Unix epoch. */
  readonly diedAt: number;
}

/** How far a group is behind. */
export interface GroupLag {
  readonly group: string;
  /** Events that it is not done with, in all partitions. */
  readonly events: number;
}

/** The dead events of one group: a subscription of an actor type. */
export interface DeadEventAccess {
  /** All of them, by partition, the oldest first. At most 1,000 of a partition are kept. */
  list(): Promise<readonly DeadEvent[]>;
  /**
   * Hands the event to its actor once more, in no order with others. It stays here until it was
   * handled. Resolves with false if it is not here, or no actor is known for it.
   */
  resend(dead: Pick<DeadEvent, "partition" | "seq">): Promise<boolean>;
  /** Forgets the event. Resolves with false if it is not here. */
  drop(dead: Pick<DeadEvent, "partition" | "seq">): Promise<boolean>;
}

/** What operators see of one topic, and may change. */
export class TopicOperations {
  readonly #link: AdminLink;
  readonly #topic: Topic;

  /** Programs call `topicsOf(cluster).operate(topic)`. */
  constructor(link: AdminLink, topic: Topic) {
    this.#link = link;
    this.#topic = topic;
  }

  /** The groups of the topic, and how far each is behind. */
  async lag(): Promise<readonly GroupLag[]> {
    const lags = new Map<string, number>();
    for (const { groups } of await this.#numbers())
      for (const { name, lag } of groups) lags.set(name, (lags.get(name) ?? 0) + lag);
    return [...lags].map(([group, events]) => ({ group, events }));
  }

  /** Bytes that the topic holds. */
  async bytes(): Promise<number> {
    return (await this.#numbers()).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Forgets a group, with its place and its dead events. The events that it was not done with are
   * not held for it any more. A silo that starts with the subscription makes the group anew.
   * Resolves with false if there is none of this name.
   */
  async dropGroup(group: string): Promise<boolean> {
    const dropped = await this.#each((partition) =>
      this.#link.askActor(partition, DROP_GROUP_TURN, [group]),
    );
    return dropped.includes(true);
  }

  /**
   * The dead events of a subscription. `group` is what `@subscribe` was given, or
   * `<Type>.<method>`.
   */
  deadEvents(type: ActorClass | string, group: string): DeadEventAccess {
    const name = typeof type === "string" ? type : definitionOf(type).name;
    const readerOf = (partition: ActorAddress): ActorAddress =>
      readerAddress(partition, { group, type: readerTypeOf(name) });
    const change = async (
      turn: `$${string}`,
      { partition, seq }: Pick<DeadEvent, "partition" | "seq">,
    ): Promise<boolean> => {
      const reader = readerOf(partitionAddress(this.#topic.name, partition));
      return (await this.#link.askActor(reader, turn, [seq])) === true;
    };
    return {
      list: async () => {
        const all = await this.#each((partition) =>
          this.#link.askActor(readerOf(partition), DEAD_TURN, []),
        );
        return all.flatMap((found, partition) =>
          (found as readonly StoredDeadEvent[]).map(({ seq, event, id, reasons, diedAt }) => ({
            seq,
            id,
            reasons,
            diedAt,
            partition,
            event: eventWithoutReferences(event),
          })),
        );
      },
      resend: (dead) => change(RESEND_DEAD_TURN, dead),
      drop: (dead) => change(DROP_DEAD_TURN, dead),
    };
  }

  async #numbers(): Promise<readonly PartitionNumbers[]> {
    const all = await this.#each((partition) => this.#link.askActor(partition, NUMBERS_TURN, []));
    return all as readonly PartitionNumbers[];
  }

  #each(ask: (partition: ActorAddress) => Promise<unknown>): Promise<readonly unknown[]> {
    const { name, partitions } = this.#topic;
    return Promise.all(
      Array.from({ length: partitions }, (_, partition) => ask(partitionAddress(name, partition))),
    );
  }
}
