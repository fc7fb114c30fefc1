import { messageOf, TroupeError } from "@troupe/core";
import type { DurableCall } from "@troupe/sdk";
import type { BacklogEntry } from "./backlog.ts";
import type { StoredEvent } from "./topic-event.ts";
import { EVENTS_TURN } from "./topic-turns.ts";

/** An event on its way to its subscriber. */
export interface Delivery {
  readonly event: StoredEvent;
  /** True if the actor has to remember the event by its source and id. */
  readonly isFromBroker?: boolean;
}

/** What a delivery ended with: what the subscriber's turn gave, or what it threw. */
export type Delivered =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown };

/** What a subscriber's turn gives if it has no such subscription. */
export const ABSENT = "absent";

/** The durable call that hands events to their subscriber. */
export function deliveryCall(
  group: string,
  entries: readonly Pick<BacklogEntry, "event">[],
): DurableCall {
  const deliveries: Delivery[] = entries.map(({ event }) => ({ event }));
  const traceparent = entries.length === 1 ? entries[0]?.event.traceparent : undefined;
  const headers = traceparent === undefined ? undefined : { traceparent };
  return { method: EVENTS_TURN, args: [group, deliveries], headers };
}

/**
 * Why an event was not handled: undefined if it was, and `ABSENT` if no silo has the subscription
 * just now.
 */
export function failureOf(delivered: Delivered): string | undefined {
  if (delivered.kind === "value") return delivered.value === ABSENT ? ABSENT : undefined;
  const { error } = delivered;
  return error instanceof TroupeError && error.ran === "no" ? ABSENT : messageOf(error);
}
