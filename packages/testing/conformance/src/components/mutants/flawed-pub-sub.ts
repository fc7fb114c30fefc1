import {
  type BrokerConsumer,
  type BrokerMessage,
  type BrokerSubscription,
  type Clock,
  OrderedDelivery,
  type PubSub,
} from "@troupe/core";

/** What a broker can do wrong. */
export const PUB_SUB_FLAWS = [
  "loses every third message",
  "keeps messages for those who are there",
  "gives each message twice",
  "forgets keys",
  "has no regard for keys",
  "gives the newest of a key first",
  "is done with what it has given",
  "is done with what has failed",
  "never counts an attempt",
  "is never done",
  "fetches without a limit",
  "stops when it is full",
  "gives every consumer of a group everything",
  "begins every group at the earliest",
  "takes all groups for one",
  "takes all topics for one",
  "cuts what is large",
  "forgets headers",
] as const;

export type PubSubFlaw = (typeof PUB_SUB_FLAWS)[number];

interface Kept extends BrokerMessage {
  readonly topic: string;
  readonly seq: number;
}

interface FlawedGroup {
  readonly start: number;
  readonly done: Set<number>;
  readonly consumers: FlawedConsumer[];
}

/** What the handles of a flawed broker share. */
export class FlawedBroker {
  readonly messages: Kept[] = [];
  readonly groups = new Map<string, FlawedGroup>();
}

/** A consumer of a broker with one flaw, or with none. */
class FlawedConsumer implements BrokerConsumer {
  readonly given = new Set<number>();
  readonly #broker: FlawedBroker;
  readonly #group: FlawedGroup;
  readonly #delivery: OrderedDelivery<Kept>;
  readonly #subscription: BrokerSubscription;
  readonly #flaw: PubSubFlaw | undefined;

  constructor(
    broker: FlawedBroker,
    group: FlawedGroup,
    { subscription, clock, flaw }: FlawedConsumerOptions,
  ) {
    this.#broker = broker;
    this.#group = group;
    this.#subscription = subscription;
    this.#flaw = flaw;
    const has = (one: PubSubFlaw): boolean => flaw === one;
    this.#delivery = new OrderedDelivery({
      clock,
      maxInFlight: has("fetches without a limit") ? 1_000 : subscription.maxInFlight,
      handle: async ({ seq, key, data, headers }, attempt) => {
        const message = { key, data, headers };
        if (has("is done with what it has given")) group.done.add(seq);
        const count = has("never counts an attempt") ? 1 : attempt;
        const handling = subscription.handle(message, count);
        await (has("is done with what has failed") ? handling.catch(() => undefined) : handling);
      },
      done: async ({ seq }) => {
        if (!has("is never done")) group.done.add(seq);
      },
      roomMade: () => {
        if (!has("stops when it is full")) this.pump();
      },
    });
  }

  pump(): void {
    const { consumers, start, done } = this.#group;
    const isAlone = this.#flaw === "gives every consumer of a group everything";
    if (consumers[0] !== this && !isAlone) return;
    const isAnyTopic = this.#flaw === "takes all topics for one";
    const waiting = this.#broker.messages.filter(
      ({ seq, topic }) =>
        seq >= start &&
        (isAnyTopic || topic === this.#subscription.topic) &&
        !done.has(seq) &&
        !this.given.has(seq),
    );
    if (this.#flaw === "gives the newest of a key first") waiting.reverse();
    for (const message of waiting) {
      if (this.#delivery.room <= 0) return;
      this.given.add(message.seq);
      const isKeyless = this.#flaw === "has no regard for keys";
      this.#delivery.add(isKeyless ? { ...message, key: undefined } : message);
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

interface FlawedConsumerOptions {
  readonly subscription: BrokerSubscription;
  readonly clock: Clock;
  readonly flaw: PubSubFlaw | undefined;
}

/** A broker in memory with one flaw, or with none. */
export class FlawedPubSub implements PubSub {
  readonly #broker: FlawedBroker;
  readonly #clock: Clock;
  readonly #flaw: PubSubFlaw | undefined;
  readonly #consumers: FlawedConsumer[] = [];

  constructor(broker: FlawedBroker, clock: Clock, flaw: PubSubFlaw | undefined) {
    this.#broker = broker;
    this.#clock = clock;
    this.#flaw = flaw;
  }

  async publish(topic: string, message: BrokerMessage): Promise<void> {
    const { messages, groups } = this.#broker;
    const seq = messages.length;
    const flaw = this.#flaw;
    const isLost =
      (flaw === "loses every third message" && seq % 3 === 2) ||
      (flaw === "keeps messages for those who are there" && groups.size === 0);
    const kept = {
      key: flaw === "forgets keys" ? undefined : message.key,
      data: flaw === "cuts what is large" ? message.data.slice(0, 1_000_000) : message.data,
      headers: flaw === "forgets headers" ? {} : message.headers,
      topic: isLost ? "" : topic,
    };
    messages.push({ ...kept, seq });
    if (flaw === "gives each message twice") messages.push({ ...kept, seq: seq + 1 });
    for (const { consumers } of groups.values()) for (const one of consumers) one.pump();
  }

  async subscribe(subscription: BrokerSubscription): Promise<BrokerConsumer> {
    const { groups, messages } = this.#broker;
    const isOne = this.#flaw === "takes all groups for one";
    const name = isOne ? "all" : subscription.group;
    const isLatest =
      subscription.from === "latest" && this.#flaw !== "begins every group at the earliest";
    const group = groups.get(name) ?? {
      start: isLatest ? messages.length : 0,
      done: new Set(),
      consumers: [],
    };
    groups.set(name, group);
    const options = { subscription, clock: this.#clock, flaw: this.#flaw };
    const consumer = new FlawedConsumer(this.#broker, group, options);
    this.#consumers.push(consumer);
    group.consumers.push(consumer);
    consumer.pump();
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
  }
}
