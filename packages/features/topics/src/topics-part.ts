import { currentTurn } from "@troupe/client";
import { formatAddress, TroupeError, withRan } from "@troupe/core";
import {
  type ActorDefinition,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { eventToStore, type PublishOptions } from "./publish-options.ts";
import { ABSENT } from "./reader.ts";
import { SUBSCRIPTION, subscriptionsOf } from "./subscription.ts";
import { partitionFor } from "./topic-addresses.ts";
import type { Topic } from "./topic.ts";
import { eventOf, sourceOf, type StoredEvent } from "./topic-event.ts";
import { EVENT_TURN, PUBLISH_TURN } from "./topic-turns.ts";

/** What any actor has of topics: it publishes. Nothing of it is stored but its sends. */
export class ActorTopics implements PartState {
  readonly #host: PartHost;

  constructor(host: PartHost) {
    this.#host = host;
  }

  /** Publishes with the running turn (P1). Gives the id of the event. */
  publish(topic: Topic, data: unknown, options: PublishOptions): string {
    const host = this.#host;
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
    host.send(partitionFor(topic, event), { method: PUBLISH_TURN, args: [event] });
    return event.id;
  }

  load(): void {}

  collect(): [] {
    return [];
  }

  adopt(): void {}

  rollback(): void {}
}

export const TOPICS: PartKey<ActorTopics> = partKey("topics");

/**
 * Lets actors publish, and hands events to those that subscribe. A subscriber is stored because
 * only then it can remember which durable sends took effect, and so which events did (P2).
 */
export const topicsPart: DurablePart<ActorTopics> = {
  key: TOPICS,
  prefixes: [],
  isNeededBy: ({ handlers }) => handlers.has(SUBSCRIPTION),
  create: (host) => new ActorTopics(host),
  turns: {
    [EVENT_TURN]: (host, [group, event]) =>
      handle(host, methodOf(host.definition, String(group)), event as StoredEvent),
  },
};

async function handle(
  host: PartHost,
  method: string | undefined,
  event: StoredEvent,
): Promise<unknown> {
  if (method === undefined) return ABSENT;
  try {
    await host.invoke(method, eventOf(event, host.makeReference));
  } catch (error) {
    // A call that the handler made may not have run. The handler itself has.
    throw error instanceof TroupeError && error.ran === "no" ? withRan(error, "yes") : error;
  }
  return undefined;
}

const methods = new WeakMap<ActorDefinition, ReadonlyMap<string, string>>();

function methodOf(definition: ActorDefinition, group: string): string | undefined {
  const known = methods.get(definition);
  if (known !== undefined) return known.get(group);
  const found = subscriptionsOf(definition).map((one) => [one.group, one.method] as const);
  methods.set(definition, new Map(found));
  return methodOf(definition, group);
}
