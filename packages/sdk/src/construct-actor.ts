import type { Actor } from "./actor.ts";
import { endConstruction, runConstructor } from "./actor-insides.ts";
import type { ActorClass, SlotDefinition } from "./actor-definition.ts";
import type { ActorHost } from "./actor-host.ts";
import { slotAccessor } from "./slot-accessor.ts";

/**
 * Makes the object of one activation, bound to `host` from its first field initialiser on. Throws
 * what the constructor throws.
 *
 * When it returns, every slot with an initialiser was given to `host.slots.initialise`, and every
 * later read or write of one goes to the host.
 */
export function constructActor(
  actorClass: ActorClass,
  slots: readonly SlotDefinition[],
  host: ActorHost,
): Actor {
  const actor = runConstructor(actorClass, host);
  for (const slot of slots) moveField(actor, slot, actorClass, host);
  endConstruction(actor);
  return actor;
}

/**
 * Slots of `defineActor` are plain fields: the value moves to the host, and an accessor on the
 * prototype takes the field's place.
 */
function moveField(
  actor: Actor,
  slot: SlotDefinition,
  actorClass: ActorClass,
  host: ActorHost,
): void {
  const field = Object.getOwnPropertyDescriptor(actor, slot.name);
  if (field !== undefined) {
    Reflect.deleteProperty(actor, slot.name);
    host.slots.initialise(slot.name, field.value);
  }
  if (!(slot.name in actor)) {
    const prototype = actorClass.prototype as object;
    Object.defineProperty(prototype, slot.name, {
      ...slotAccessor(slot.name),
      configurable: true,
      enumerable: false,
    });
  }
}
