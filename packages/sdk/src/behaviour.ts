import type { DeactivationReason } from "./actor.ts";
import type { ActorDefinition } from "./actor-definition.ts";
import type { ActorHost } from "./actor-host.ts";

/**
 * How the actors of a type come to life and serve calls. A class is one way; `defineBehaviour`
 * makes others.
 *
 * The object that `activate` makes belongs to one activation. It is handed back to the other
 * members, so that a behaviour which needs no object of its own around the actor has none: there
 * are many idle activations.
 */
export interface Behaviour {
  /** Makes the object of one activation, after what is stored was read. Throws if it cannot. */
  activate(definition: ActorDefinition, host: ActorHost): object;
  /** Serves a call, or a tick whose handler has this name. It may give a promise. */
  invoke(active: object, method: string, args: readonly unknown[]): unknown;
  /** Runs before the first turn. */
  onActivate(active: object): void | Promise<void>;
  /** Runs after the last turn, if it can. */
  onDeactivate(active: object, reason: DeactivationReason): void | Promise<void>;
}
