import type { Actor } from "./actor.ts";
import { constructingHostOf, hostOf } from "./actor-insides.ts";

/** The two halves of a durable slot, as properties of a prototype have them. */
export interface SlotAccessor {
  get(this: Actor): unknown;
  set(this: Actor, value: unknown): void;
}

/**
 * Reads and writes the slot `name` of the actor's host.
 *
 * What a constructor assigns is a first value, like an initialiser's: otherwise each activation
 * would overwrite what was stored.
 */
export function slotAccessor(name: string): SlotAccessor {
  return {
    get() {
      return hostOf(this).slots.read(name);
    },
    set(value) {
      const constructing = constructingHostOf(this);
      if (constructing === undefined) hostOf(this).slots.write(name, value);
      else constructing.slots.initialise(name, value);
    },
  };
}
