import { ADMIN_LINK, type Administered, type ActorReferences } from "@troupe/client";
import {
  type Clock,
  type Random,
  randomId,
  systemClock,
  systemRandom,
  TroupeError,
} from "@troupe/core";
import type { PublishOptions } from "@troupe/sdk";
import { badInput, eventToStore, textProblem } from "./publish-options.ts";
import type { Fetched } from "./partition.ts";
import {
  checkConsumeOptions,
  consume,
  type ConsumeOptions,
  type ReceivedEvent,
} from "./topic-consumer.ts";
import { partitionAddress, partitionFor } from "./topic-addresses.ts";
import { isTopic, type Topic } from "./topic.ts";
import { TopicOperations } from "./topic-operations.ts";

/** What `topicsOf` is given. */
export interface TopicAccessOptions {
  /**
   * The `source` of what this program publishes, a URI of at most 96 bytes. Default: one that no
   * other call of `topicsOf` gives.
   */
  readonly source?: string;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: the process's own generator. */
  readonly random?: Random;
}

/** What clients and silos give their programs of topics. */
export interface ProgramTopics {
  /** See `TopicAccess.publish`. Each client and each silo is a source of its own. */
  publish<Data>(topic: Topic<Data>, data: Data, options?: PublishOptions): Promise<string>;
  /** See `TopicAccess.subscribe`. */
  subscribe<Data>(topic: Topic<Data>, options: ConsumeOptions): AsyncIterable<ReceivedEvent<Data>>;
}

/** A client of a cluster, or a silo. */
export type TopicCluster = ActorReferences & Administered;

const SOURCE_MAX_BYTES = 96;

/** How long a publish is tried. */
const PUBLISH_TIMEOUT = "30s";

/** It is less than a lease, so that whoever waits for an answer still has one. */
const FETCH_TIMEOUT = "5s";

/** The topics of a cluster, for a program that is not one of its actors. */
export class TopicAccess implements ProgramTopics {
  readonly #cluster: TopicCluster;
  readonly #source: string;
  readonly #clock: Clock;
  readonly #random: Random;

  /** Programs call `topicsOf`. */
  constructor(cluster: TopicCluster, options: TopicAccessOptions) {
    const { clock = systemClock, random = systemRandom } = options;
    const { source = `/clients/${randomId(random)}` } = options;
    const isRight = typeof source === "string" && !/\s/.test(source);
    const problem = textProblem("source", isRight ? source : "", SOURCE_MAX_BYTES);
    if (problem !== undefined) throw badInput(`topicsOf: ${problem}, without spaces`);
    this.#cluster = cluster;
    this.#source = source;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Publishes an event. Resolves with its id when the topic has stored it: then it survives any
   * crash. Rejects as `publish` throws, and with `OVERLOADED` if the topic has no room. It may be
   * published again with the same `id` if it is unknown what became of it: one of them is stored.
   */
  async publish<Data>(
    topic: Topic<Data>,
    data: Data,
    options: PublishOptions = {},
  ): Promise<string> {
    if (!isTopic(topic)) throw badInput("publish: the topic must be what topic() gave");
    const source = this.#source;
    const event = eventToStore(topic, data, options, {
      source,
      newId: () => randomId(this.#random),
      now: this.#clock.now(),
      traceparent: undefined,
    });
    const { type, id } = partitionFor(topic, event);
    const partition = this.#cluster.actor(type, id, {
      timeout: PUBLISH_TIMEOUT,
      idempotencyKey: `${source} ${event.id}`,
    });
    await partition.publish?.(event);
    return event.id;
  }

  /**
   * Reads the events of a topic: each at least once, and those of one key in order. An event that
   * is not acknowledged comes again when another program of the group takes over. Throws
   * `BAD_INPUT` for wrong options.
   *
   * @example
   * ```ts
   * for await (const event of access.subscribe(payments, { group: "audit", from: "earliest" })) {
   *   await write(event.data);
   *   await event.ack();
   * }
   * ```
   */
  subscribe<Data>(topic: Topic<Data>, options: ConsumeOptions): AsyncIterable<ReceivedEvent<Data>> {
    if (!isTopic(topic)) throw badInput("subscribe: the topic must be what topic() gave");
    if (topic.pubsub !== undefined) {
      const message = `programs read ${topic.name} from its broker: components.pubsub("${topic.pubsub}").subscribe(…)`;
      throw new TroupeError("NOT_SUPPORTED", message);
    }
    return consume(topic, checkConsumeOptions(options), {
      clock: this.#clock,
      name: randomId(this.#random),
      fetch: async (number, request) => {
        const { type, id } = partitionAddress(topic.name, number);
        const partition = this.#cluster.actor(type, id, { timeout: FETCH_TIMEOUT });
        return (await partition.fetch?.(request)) as Fetched | number;
      },
    });
  }

  /**
   * What operators see of a topic, and may change. A client has to be an operator, or it gets
   * `FORBIDDEN`.
   */
  operate<Data>(topic: Topic<Data>): TopicOperations {
    if (!isTopic(topic)) throw badInput("operate: the topic must be what topic() gave");
    return new TopicOperations(this.#cluster[ADMIN_LINK], topic);
  }
}

/**
 * The topics of a cluster, for a client or a program that runs a silo.
 *
 * @example
 * ```ts
 * await using cluster = await connect({ cluster: "shop" });
 * await topicsOf(cluster).publish(payments, { orderId: "o-1", amount: 5 }, { key: "o-1" });
 * ```
 */
export function topicsOf(cluster: TopicCluster, options: TopicAccessOptions = {}): TopicAccess {
  return new TopicAccess(cluster, options);
}
