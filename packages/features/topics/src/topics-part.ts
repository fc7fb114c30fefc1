import { currentTurn } from "@troupe/client";
import { type FieldChange, type Fields, formatAddress, TroupeError, withRan } from "@troupe/core";
import {
  type ActorDefinition,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
  type Publishable,
  PUBLISHER,
  type Publisher,
  type PublishOptions,
} from "@troupe/sdk";
import { badInput, eventToStore } from "./publish-options.ts";
import { brokerOf, type BrokerSource } from "./brokers.ts";
import { ABSENT, type Delivery } from "./delivery-call.ts";
import { SeenEvents } from "./seen-events.ts";
import { SUBSCRIPTION, subscriptionsOf, type TypeSubscription } from "./subscription.ts";
import { partitionFor } from "./topic-addresses.ts";
import { isTopic, type Topic } from "./topic.ts";
import { eventOf, sourceOf } from "./topic-event.ts";
import { EVENTS_TURN, OUTLET_TURN, PUBLISH_TURN } from "./topic-turns.ts";

/** What a silo knows of topics. */
export interface TopicsKnown {
  /** Topics that can be named. */
  readonly known: ReadonlyMap<string, Topic>;
  readonly brokers: BrokerSource | undefined;
}

/** What any actor has of topics: it publishes, and remembers which events of brokers it handled. */
export class ActorTopics implements PartState, Publisher {
  readonly #host: PartHost;
  readonly #known: ReadonlyMap<string, Topic>;
  readonly #brokers: BrokerSource | undefined;
  /** Of brokers. */
  readonly seen: SeenEvents;

  constructor(host: PartHost, { known, brokers }: TopicsKnown) {
    this.#host = host;
    this.#known = known;
    this.#brokers = brokers;
    this.seen = new SeenEvents(host);
  }

  /** Publishes with the running turn (P1). Gives the id of the event. */
  publish(given: Publishable | string, data: unknown, options: PublishOptions): string {
    const host = this.#host;
    const topic = this.#topicOf(given);
    const turn = currentTurn();
    if (turn === undefined || turn.isReadonly) {
      const where =
        turn === undefined
          ? "outside of a turn; only a turn can store it"
          : "in a readonly method; drop @readonly()";
      const message = `${formatAddress(host.address)} publishes to ${topic.name} ${where}`;
      throw new TroupeError("READONLY_WRITE", message);
    }
    const now = host.clock.now();
    const event = eventToStore(topic, data, options, {
      source: sourceOf(host.address),
      // An actor that was destroyed, and forgotten by its store, may give a tag again.
      newId: () => `${host.nextTag()}.${now.toString(36)}`,
      now,
      traceparent: turn.traceContext?.traceparent,
    });
    // A component that is not there is found out now, and no other trouble.
    if (topic.pubsub !== undefined) brokerOf(topic, this.#brokers);
    const method = topic.pubsub === undefined ? PUBLISH_TURN : OUTLET_TURN;
    host.send(partitionFor(topic, event), { method, args: [event] });
    return event.id;
  }

  #topicOf(given: Publishable | string): Topic {
    if (isTopic(given)) return given;
    if (typeof given !== "string")
      throw badInput("publish: the topic must be what topic() gave, or its name");
    const topic = this.#known.get(given);
    if (topic !== undefined) return topic;
    const hint = `this silo has ${this.#known.size === 0 ? "none" : [...this.#known.keys()].join(", ")}`;
    const message = `publish: there is no topic ${given} by its name; ${hint}. Subscribe to it, name it in topics({ topics }), or publish to what topic() gave`;
    throw badInput(message);
  }

  load(fields: Fields): void {
    this.seen.load(fields);
  }

  collect(): FieldChange[] {
    return this.seen.collect();
  }

  adopt(): void {
    this.seen.adopt();
  }

  rollback(): void {
    this.seen.rollback();
  }
}

export const TOPICS: PartKey<ActorTopics> = partKey(PUBLISHER.name);

/**
 * Lets actors publish, and hands events to those that subscribe. A subscriber is stored because
 * only then it can remember which durable sends took effect, and so which events did (P2).
 */
export function topicsPart(given: TopicsKnown): DurablePart<ActorTopics> {
  return {
    key: TOPICS,
    prefixes: [SeenEvents.prefix],
    isNeededBy: ({ handlers, worker }) => handlers.has(SUBSCRIPTION) && worker === undefined,
    create: (host) => new ActorTopics(host, given),
    turns: {
      [EVENTS_TURN]: (host, [group, deliveries]) =>
        handle(
          host,
          subscriptionOf(host.definition, String(group)),
          deliveries as readonly Delivery[],
        ),
    },
  };
}

async function handle(
  host: PartHost,
  subscription: TypeSubscription | undefined,
  deliveries: readonly Delivery[],
): Promise<unknown> {
  if (subscription === undefined) return ABSENT;
  const { method, bulk } = subscription;
  const { seen } = host.part(TOPICS);
  const fresh = deliveries.filter(
    ({ event, isFromBroker }) => isFromBroker !== true || !seen.has(subscription.group, event),
  );
  if (fresh.length === 0) return undefined;
  try {
    const events = fresh.map(({ event }) => eventOf(event, host.makeReference));
    await host.invoke(method, bulk === undefined ? events[0] : events);
  } catch (error) {
    // A call that the handler made may not have run. The handler itself has.
    throw error instanceof TroupeError && error.ran === "no" ? withRan(error, "yes") : error;
  }
  // Only now: beside an overlapping turn a handler that throws is not undone, and comes again.
  for (const { event, isFromBroker } of fresh)
    if (isFromBroker === true) seen.put(subscription.group, event);
  return undefined;
}

const subscriptions = new WeakMap<ActorDefinition, ReadonlyMap<string, TypeSubscription>>();

function subscriptionOf(definition: ActorDefinition, group: string): TypeSubscription | undefined {
  const known = subscriptions.get(definition);
  if (known !== undefined) return known.get(group);
  const found = subscriptionsOf(definition).map((one) => [one.group, one] as const);
  subscriptions.set(definition, new Map(found));
  return subscriptionOf(definition, group);
}
