import type { FieldChange } from "@troupe/core";
import { messageOf, TroupeError } from "@troupe/core";
import {
  type ActorDefinition,
  defineBehaviour,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { brokerMessage } from "./broker-message.ts";
import type { BrokerSource } from "./brokers.ts";
import { parseEvent } from "./parse-event.ts";
import { OUTLET_TYPE, parseOutlet } from "./topic-addresses.ts";
import { OUTLET_TURN } from "./topic-turns.ts";

/**
 * The way out to a broker for the events of some keys of a topic.
 *
 * OUT-1. An event is over when the broker has it (P1). Until then its durable send is tried again,
 *        with the same event id, and later events of its publisher wait.
 */
export class Outlet implements PartState {
  readonly #host: PartHost;
  readonly #brokers: BrokerSource;

  constructor(host: PartHost, brokers: BrokerSource) {
    this.#host = host;
    this.#brokers = brokers;
  }

  /** Rejects with `COMPONENT_UNAVAILABLE` if the broker does not take the event. */
  async publish(given: unknown): Promise<void> {
    const event = parseEvent(given);
    const { pubsub, topic } = parseOutlet(this.#host.address);
    try {
      const message = brokerMessage(event, event.isRaw === true);
      await this.#brokers.pubsub(pubsub).publish(topic, message);
    } catch (error) {
      if (error instanceof TroupeError && error.code === "NOT_SERIALIZABLE") throw error;
      const reason = messageOf(error);
      this.#host.log.warn({ event: "topic_unsent", pubsub, topic, reason }, "trying again");
      const message = `the topic ${topic} on ${pubsub} took no event: ${reason}`;
      const options = { ran: "no", retryable: true, cause: error } as const;
      throw new TroupeError("COMPONENT_UNAVAILABLE", message, options);
    }
  }

  load(): void {
    // It keeps nothing: what it has not sent is with the publishers.
  }

  collect(): FieldChange[] {
    return [];
  }

  adopt(): void {
    // As above.
  }

  rollback(): void {
    // As above.
  }
}

const OUTLET: PartKey<Outlet> = partKey("topic-outlet");

/** What outlets do for publishers. */
export function outletPart(brokers: BrokerSource): DurablePart<Outlet> {
  return {
    key: OUTLET,
    prefixes: [],
    isNeededBy: ({ name }) => name === OUTLET_TYPE,
    create: (host) => new Outlet(host, brokers),
    turns: { [OUTLET_TURN]: (host, [event]) => host.part(OUTLET).publish(event) },
  };
}

/** The type of outlets. Clients publish by its method. */
export const outletType: ActorDefinition = defineBehaviour(OUTLET_TYPE, {
  methods: { publish: {} },
  activate: (host) => ({ invoke: (_, [event]) => host.part(OUTLET).publish(event) }),
});
