import { shownValue, TroupeError } from "@troupe/core";
import type { Extension, SiloHost } from "@troupe/sdk";
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
export function topics({ topics: configured = [] }: TopicsOptions = {}): Extension {
  const wrong = configured.find((one) => !isTopic(one));
  if (wrong !== undefined)
    throw new TroupeError("BAD_CONFIG", `topics: ${shownValue(wrong)} is no topic; use topic()`);
  return {
    name: "topics",
    types: (definitions) => [partitionType, ...readerTypes(definitions)],
    parts: (silo) => [topicsPart(known(silo, configured)), partitionPart, readerPart(silo)],
    services: (silo) => [new TopicsService(silo, configured)],
  };
}

function known(silo: SiloHost, configured: readonly Topic[]): ReadonlyMap<string, Topic> {
  const subscribed = [...silo.definitions.values()].flatMap((definition) =>
    subscriptionsOf(definition).map((subscription) => subscription.topic),
  );
  return new Map([...subscribed, ...configured].map((topic) => [topic.name, topic]));
}
