import {
  type BrokerConsumer,
  type BrokerMessage,
  type BrokerSubscription,
  type Clock,
  componentType,
  OrderedDelivery,
  type PubSub,
} from "@troupe/core";

/** Messages of a topic that are kept; the oldest go first. */
const KEPT_MAX = 100_000;

interface KeptMessage extends BrokerMessage {
  readonly seq: number;
}

/** How far a group has come. */
class Group {
  /** Everything before this number is done. */
  #doneBefore: number;
  readonly #done = new Set<number>();
  /** The first has the messages; the others wait until it leaves (P7). */
  readonly consumers: InMemoryConsumer[] = [];

  constructor(doneBefore: number) {
    this.#doneBefore = doneBefore;
  }

  get doneBefore(): number {
    return this.#doneBefore;
  }

  isDone(seq: number): boolean {
    return seq < this.#doneBefore || this.#done.has(seq);
  }

  finish(seq: number): void {
    this.#done.add(seq);
    while (this.#done.delete(this.#doneBefore)) this.#doneBefore++;
  }
}

class Topic {
  readonly messages: KeptMessage[] = [];
  readonly groups = new Map<string, Group>();
  next = 0;

  publish({ key, data, headers }: BrokerMessage): void {
    this.messages.push({ key, data: data.slice(), headers: { ...headers }, seq: this.next++ });
    if (this.messages.length > KEPT_MAX) this.messages.shift();
    for (const { consumers } of this.groups.values()) consumers[0]?.pump();
  }

  group(name: string, from: BrokerSubscription["from"]): Group {
    const first = this.messages[0]?.seq ?? this.next;
    const group = this.groups.get(name) ?? new Group(from === "earliest" ? first : this.next);
    this.groups.set(name, group);
    return group;
  }

  /** The first message from this number on that the group is not done with. */
  find(seq: number, group: Group): KeptMessage | undefined {
    const first = this.messages[0]?.seq ?? this.next;
    for (let at = Math.max(seq, first); at < this.next; at++)
      if (!group.isDone(at)) return this.messages[at - first];
    return undefined;
  }
}

/** What pub/sub components in memory share that have the same topics. */
export class InMemoryBroker {
  readonly #topics = new Map<string, Topic>();

  topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? new Topic();
    this.#topics.set(name, topic);
    return topic;
  }
}

/** A consumer, which fetches while it is the first of its group. */
class InMemoryConsumer implements BrokerConsumer {
  readonly #topic: Topic;
  readonly #group: Group;
  readonly #delivery: OrderedDelivery<KeptMessage>;
  #next: number | undefined;

  constructor(topic: Topic, subscription: BrokerSubscription, clock: Clock) {
    this.#topic = topic;
    this.#group = topic.group(subscription.group, subscription.from);
    this.#delivery = new OrderedDelivery({
      clock,
      maxInFlight: subscription.maxInFlight,
      handle: ({ key, data, headers }, attempt) =>
        subscription.handle({ key, data, headers }, attempt),
      done: async ({ seq }) => this.#group.finish(seq),
      roomMade: () => this.pump(),
    });
    this.#group.consumers.push(this);
    this.pump();
  }

  pump(): void {
    if (this.#group.consumers[0] !== this) return;
    this.#next ??= this.#group.doneBefore;
    while (this.#delivery.room > 0) {
      const message = this.#topic.find(this.#next, this.#group);
      if (message === undefined) return;
      this.#next = message.seq + 1;
      this.#delivery.add(message);
    }
  }

  async close(): Promise<void> {
    await this.#delivery.close();
    const { consumers } = this.#group;
    const place = consumers.indexOf(this);
    if (place >= 0) consumers.splice(place, 1);
    consumers[0]?.pump();
  }
}

/** Topics in the memory of this process. */
export class InMemoryPubSub implements PubSub {
  readonly #broker: InMemoryBroker;
  readonly #clock: Clock;
  readonly #consumers = new Set<InMemoryConsumer>();

  constructor(broker: InMemoryBroker, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  async publish(topic: string, message: BrokerMessage): Promise<void> {
    this.#broker.topic(topic).publish(message);
  }

  async subscribe(subscription: BrokerSubscription): Promise<BrokerConsumer> {
    const topic = this.#broker.topic(subscription.topic);
    const consumer = new InMemoryConsumer(topic, subscription, this.#clock);
    this.#consumers.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer.close()));
  }
}

/** `pubsub.in-memory`. */
export const inMemoryPubSubType = componentType({
  type: "pubsub.in-memory",
  block: "pubsub",
  summary: "Topics in the memory of one process, for development and tests.",
  notes: `Only publishers and subscribers of the same component hear of each other, and everything is gone when it is closed. A topic keeps its last ${KEPT_MAX} messages.`,
  metadata: {},
  open: async (_, { clock }) => new InMemoryPubSub(new InMemoryBroker(), clock),
});
