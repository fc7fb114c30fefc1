import { shownValue, TroupeError } from "@troupe/core";
import type { Extension, SiloHost } from "@troupe/sdk";
import { BrokerService } from "./broker-service.ts";
import type { BrokerSource } from "./brokers.ts";
import { outletPart, outletType } from "./outlet-part.ts";
import { partitionPart, partitionType } from "./partition-part.ts";
import { readerPart, readerTypes } from "./reader-part.ts";
import { isTopic, type Topic } from "./topic.ts";
import { subscriptionsOf } from "./subscription.ts";
import { TopicsService } from "./topics-service.ts";
import { topicsPart } from "./topics-part.ts";

/** What `topics()` is given. */
export interface TopicsOptions {
  /**
   * Topics whose `retention` holds though no actor of this silo subscribes to them. Default: none.
   */
  readonly topics?: readonly Topic[];
  /**
   * The brokers of topics with `pubsub`: what `openComponents` gives. Whoever opened them closes
   * them, after the silo has stopped. All silos need the same. Default: none.
   */
  readonly brokers?: BrokerSource;
}

/**
 * The extension that brings topics to a silo. All silos of a cluster need it. A subscription is in
 * force when the first silo that hosts its type has started.
 *
 * Throws `BAD_CONFIG` if `topics` holds anything else than topics.
 *
 * @example
 * ```ts
 * await using silo = await startSilo({ actors: [Order], extensions: [topics()] });
 * ```
 */
export function topics({ topics: configured = [], brokers }: TopicsOptions = {}): Extension {
  const wrong = configured.find((one) => !isTopic(one));
  if (wrong !== undefined)
    throw new TroupeError("BAD_CONFIG", `topics: ${shownValue(wrong)} is no topic; use topic()`);
  return {
    name: "topics",
    types: (definitions) => [
      partitionType,
      ...readerTypes(definitions),
      ...(brokers === undefined ? [] : [outletType]),
    ],
    parts: (silo) => [
      topicsPart({ known: known(silo, configured), brokers }),
      partitionPart,
      readerPart(silo),
      ...(brokers === undefined ? [] : [outletPart(brokers)]),
    ],
    services: (silo) => [new TopicsService(silo, configured), new BrokerService(silo, brokers)],
  };
}

function known(silo: SiloHost, configured: readonly Topic[]): ReadonlyMap<string, Topic> {
  const subscribed = [...silo.definitions.values()].flatMap((definition) =>
    subscriptionsOf(definition).map((subscription) => subscription.topic),
  );
  return new Map([...subscribed, ...configured].map((topic) => [topic.name, topic]));
}
