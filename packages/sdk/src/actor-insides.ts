import { TroupeError } from "@troupe/core";
import type { Actor } from "./actor.ts";
import type { ActorClass } from "./actor-definition.ts";
import type { ActorHost } from "./actor-host.ts";

/** What the rest of this package may do with an actor, besides what its author may. */
export interface ActorInsides {
  host(actor: Actor): ActorHost | undefined;
  isUnderConstruction(actor: Actor): boolean;
  endConstruction(actor: Actor): void;
}

let insides: ActorInsides;

/**
 * The host for the actor that is being constructed just now; `Actor`'s constructor takes it away.
 */
let nextHost: ActorHost | undefined;

/** For `Actor`, which alone can reach its private fields. */
export function giveInsides(given: ActorInsides): void {
  insides = given;
}

/** For `Actor`'s constructor. */
export function takeHost(): ActorHost | undefined {
  const host = nextHost;
  nextHost = undefined;
  return host;
}

/**
 * The host of an actor, for features that add something to what actors can do. Throws
 * `ACTIVATION_FAILED` for one that was made with `new`.
 */
export function hostOf(actor: Actor): ActorHost {
  const host = insides.host(actor);
  if (host === undefined) {
    const name = actor.constructor.name;
    throw new TroupeError(
      "ACTIVATION_FAILED",
      `${name} is made by Troupe, and this one was made with new; use cluster.actor(${name}, id)`,
      { retryable: false },
    );
  }
  return host;
}

/**
 * The host of an actor whose constructor or field initialisers run just now; undefined if it has
 * none, or is finished.
 */
export function constructingHostOf(actor: Actor): ActorHost | undefined {
  return insides.isUnderConstruction(actor) ? insides.host(actor) : undefined;
}

/** Runs the constructor of an actor class with `host` at hand. */
export function runConstructor(actorClass: ActorClass, host: ActorHost): Actor {
  nextHost = host;
  try {
    return Reflect.construct(actorClass, []) as Actor;
  } finally {
    nextHost = undefined;
  }
}

/** From here on, writes to slots are changes and no longer first values. */
export function endConstruction(actor: Actor): void {
  insides.endConstruction(actor);
}
