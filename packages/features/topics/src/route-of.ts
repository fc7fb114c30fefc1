import { checkActorId, type MakeReference, messageOf } from "@troupe/core";
import type { Route } from "./backlog.ts";
import { dataProblem } from "./publish-options.ts";
import type { TypeSubscription } from "./subscription.ts";
import { eventOf, type StoredEvent } from "./topic-event.ts";

/** What decides where an event goes. */
export type RoutedSubscription = Pick<TypeSubscription, "topic" | "when" | "idOf" | "isOfWorker">;

/** What stands for the id of a stateless worker. */
export const ANY_WORKER = "*";

/**
 * What a subscription does with an event. Never throws: an event that breaks the topic's schema, or
 * for which the subscription's functions throw, is one to bury.
 */
export function routeOf(
  stored: StoredEvent,
  { topic, when, idOf, isOfWorker }: RoutedSubscription,
  reader: { readonly type: string; readonly makeReference: MakeReference },
): Route {
  try {
    const event = eventOf(stored, reader.makeReference);
    const problem = dataProblem(topic, event.data);
    if (problem !== undefined)
      return { kind: "bury", reason: `it breaks the topic's schema: ${problem}` };
    if (when !== undefined && !when(event)) return { kind: "skip" };
    if (isOfWorker) return { kind: "deliver", id: ANY_WORKER };
    const id = idOf === undefined ? stored.key : idOf(event);
    if (id === undefined)
      return { kind: "bury", reason: "it has no key, and the subscription names no actor by id" };
    checkActorId(reader.type, id);
    return { kind: "deliver", id };
  } catch (error) {
    return { kind: "bury", reason: `no actor could be found for it: ${messageOf(error)}` };
  }
}
