import {
  type BrokerConsumer,
  type BrokerMessage,
  Condition,
  messageOf,
  type PubSub,
  TroupeError,
} from "@troupe/core";
import type { SiloHost, SiloService } from "@troupe/sdk";
import { brokerMessage, eventFromBroker } from "./broker-message.ts";
import { brokerOf, type BrokerSource } from "./brokers.ts";
import { deadLetterOf } from "./dead-letter-of.ts";
import { ABSENT } from "./delivery-call.ts";
import { ANY_WORKER, routeOf } from "./route-of.ts";
import { subscriptionsOf, type TypeSubscription } from "./subscription.ts";
import { partitionFor } from "./topic-addresses.ts";
import type { StoredEvent } from "./topic-event.ts";
import { EVENTS_TURN, OUTLET_TURN, PUBLISH_TURN } from "./topic-turns.ts";

/** A subscription with the type that has it. */
interface Subscribed {
  readonly type: string;
  readonly subscription: TypeSubscription;
}

/** Between tries to reach a broker. */
const AGAIN_MS = 1_000;

const LONGEST_PAUSE_MS = 300_000;

/**
 * Consumes the topics of brokers for the subscribers among a silo's types.
 *
 * BSVC-1. A message is done after the turn that handled its event is stored, or after the event is
 *         in the topic of the dead (P3, P5).
 * BSVC-2. A broker that is away is tried again for as long as the silo runs.
 */
export class BrokerService implements SiloService {
  readonly name = "topic-brokers";
  readonly #silo: SiloHost;
  readonly #brokers: BrokerSource | undefined;
  readonly #changed: Condition;
  readonly #consumers: BrokerConsumer[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(silo: SiloHost, brokers: BrokerSource | undefined) {
    this.#silo = silo;
    this.#brokers = brokers;
    this.#changed = new Condition(silo.clock);
  }

  /** Throws for a component that is not there. */
  start(): void {
    const subscribed = [...this.#silo.definitions.values()].flatMap((definition) =>
      subscriptionsOf(definition).map((subscription) => ({ type: definition.name, subscription })),
    );
    const ofBrokers = subscribed.filter(({ subscription }) => isOnBroker(subscription));
    const found = ofBrokers.map((one) => ({
      one,
      broker: brokerOf(one.subscription.topic, this.#brokers),
    }));
    this.#running = Promise.all(found.map(({ one, broker }) => this.#consume(one, broker)));
  }

  drain(): void {
    this.#isOver = true;
    this.#changed.notify();
  }

  async stop(): Promise<void> {
    this.drain();
    await this.#running;
    await Promise.all(this.#consumers.map((consumer) => consumer.close()));
  }

  async #consume(subscribed: Subscribed, broker: PubSub): Promise<void> {
    const { topic, group, from, concurrency: maxInFlight } = subscribed.subscription;
    while (!this.#isOver) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- each try follows the one before.
        const consumer = await broker.subscribe({
          topic: topic.name,
          group,
          from,
          maxInFlight,
          handle: (message) => this.#handle(message, subscribed),
        });
        this.#consumers.push(consumer);
        return;
      } catch (error) {
        const facts = { event: "topic_unreached", topic: topic.name, reason: messageOf(error) };
        this.#silo.logger.warn(facts, "a topic cannot be consumed; trying again");
        // oxlint-disable-next-line no-await-in-loop -- a pause before the next try.
        await this.#pause(AGAIN_MS);
      }
    }
  }

  /** Rejects if the message has to come again. */
  async #handle(message: BrokerMessage, { type, subscription }: Subscribed): Promise<void> {
    const { topic } = subscription;
    const now = this.#silo.clock.now();
    const event = eventFromBroker(message, topic.isRaw, { topic: topic.name, now });
    if (typeof event === "string")
      return this.#bury(rawEvent(message, topic.name, now), event, {
        type,
        subscription,
      });
    const makeReference = eventReference;
    const route = routeOf(event, subscription, { type, makeReference });
    if (route.kind === "skip") return;
    if (route.kind === "bury") return this.#bury(event, route.reason, { type, subscription });
    const { attempts, backoffMs } = subscription;
    for (let failures = 1; ; failures++) {
      // oxlint-disable-next-line no-await-in-loop -- each attempt follows the one before.
      const reason = await this.#deliver(event, route.id, { type, subscription });
      if (reason === undefined) return;
      this.#silo.logger.warn({ event: "event_failed", id: event.id, reason }, "a handler threw");
      if (failures >= attempts) return this.#bury(event, reason, { type, subscription });
      // oxlint-disable-next-line no-await-in-loop -- a pause before the next attempt.
      await this.#pause(Math.min(backoffMs * 2 ** (failures - 1), LONGEST_PAUSE_MS));
      if (this.#isOver) throw new RangeError("the silo stops");
    }
  }

  /** Gives why the handler threw. Rejects if it is not known to have run. */
  async #deliver(
    event: StoredEvent,
    id: string,
    { type, subscription }: Subscribed,
  ): Promise<string | undefined> {
    const { group, isOfWorker } = subscription;
    const address = { type, id: isOfWorker ? ANY_WORKER : id };
    const delivery = { event, place: undefined, isFromBroker: !isOfWorker };
    try {
      const result = await this.#silo.callTurn(address, EVENTS_TURN, [group, [delivery]]);
      if (result === ABSENT) throw new TroupeError("CLUSTER_UNAVAILABLE", "nobody has it now");
      return undefined;
    } catch (error) {
      if (error instanceof TroupeError && error.ran !== "yes") throw error;
      return messageOf(error);
    }
  }

  async #bury(
    event: StoredEvent,
    reason: string,
    { type, subscription }: Subscribed,
  ): Promise<void> {
    const { topic, group, deadLetter } = subscription;
    const reader = { type, id: `${topic.name}//${group}` };
    const { id } = event;
    const letter = { ...deadLetterOf(event, { reader, generation: "", seq: 0, reason }), id };
    const facts = { event: "event_dead", topic: topic.name, group, id, reason };
    this.#silo.logger.error(facts, "an event is given up; it is in the topic of the dead");
    if (deadLetter === undefined) {
      const broker = brokerOf(topic, this.#brokers);
      return await broker.publish(`${topic.name}-dead`, brokerMessage(letter, false));
    }
    const turn = deadLetter.pubsub === undefined ? PUBLISH_TURN : OUTLET_TURN;
    await this.#silo.callTurn(partitionFor(deadLetter, letter), turn, [letter]);
  }

  async #pause(ms: number): Promise<void> {
    await this.#changed.wait(() => this.#isOver, ms);
  }
}

/** True for a subscription whose topic is on a broker. */
export function isOnBroker({ topic }: Pick<TypeSubscription, "topic">): boolean {
  return topic.pubsub !== undefined;
}

/** Nothing that comes from a broker has references in it. */
function eventReference(): never {
  throw new RangeError("an event of a broker holds no reference");
}

/** A message that is no event, for the topic of the dead. */
function rawEvent(message: BrokerMessage, topic: string, now: number): StoredEvent {
  const event = eventFromBroker(message, true, { topic, now });
  if (typeof event === "string") throw new RangeError(event);
  return event;
}
