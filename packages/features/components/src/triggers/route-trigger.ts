import {
  type ActorAddress,
  checkActorId,
  messageOf,
  type SourceEvent,
  TroupeError,
} from "@troupe/core";
import type { Trigger } from "./trigger.ts";
import { triggerEvent } from "./trigger-event.ts";

/**
 * The actor that handles an event. Throws `BAD_INPUT` if the trigger finds none, or if the data is
 * not what the trigger takes.
 */
export function routeTrigger(type: string, trigger: Trigger, event: SourceEvent): ActorAddress {
  try {
    const id = trigger.idOf(triggerEvent(trigger.component, event, trigger.form));
    checkActorId(type, id);
    return { type, id };
  } catch (error) {
    const what = `no ${type} can be found for the event ${event.id} of ${trigger.component}`;
    throw new TroupeError("BAD_INPUT", `${what}: ${messageOf(error)}`, {
      cause: error,
      ran: "yes",
    });
  }
}
