import { TroupeError } from "@troupe/core";
import type { Actor, DeactivationReason } from "./actor.ts";
import type { ActorClass, ActorDefinition } from "./actor-definition.ts";
import type { ActorHost } from "./actor-host.ts";
import type { Behaviour } from "./behaviour.ts";
import { constructActor } from "./construct-actor.ts";

type Method = (...args: unknown[]) => unknown;

/** Actors that are objects of a class. */
export class ClassBehaviour implements Behaviour {
  readonly actorClass: ActorClass;

  constructor(actorClass: ActorClass) {
    this.actorClass = actorClass;
  }

  activate({ slots }: ActorDefinition, host: ActorHost): Actor {
    return constructActor(this.actorClass, slots, host);
  }

  invoke(active: object, method: string, args: readonly unknown[]): unknown {
    const actor = active as Actor;
    return methodOf(actor, method).apply(actor, args as unknown[]);
  }

  onActivate(active: object): void | Promise<void> {
    return (active as Actor).onActivate();
  }

  onDeactivate(active: object, reason: DeactivationReason): void | Promise<void> {
    return (active as Actor).onDeactivate(reason);
  }
}

/**
 * The method of an actor by its name. Throws `NO_SUCH_METHOD` if a definition names one that the
 * class lacks.
 */
function methodOf(actor: Actor, name: string): Method {
  const method: unknown = (actor as unknown as Record<string, unknown>)[name];
  if (typeof method === "function") return method as Method;
  throw new TroupeError(
    "NO_SUCH_METHOD",
    `${actor.type}/${actor.id} has no method ${name}, which its definition names`,
  );
}
