import type { ActorAddress } from "./actor-address.ts";

/**
 * The four kinds of value that travel in another form than they live in. Everything else that may
 * travel (numbers, bigint, strings, booleans, null, undefined, arrays, plain objects, Set, Date,
 * RegExp, ArrayBuffer, typed arrays) travels as it is.
 */

/** A reference to an actor. The receiver makes a live reference of it, bound to itself. */
export class PortableRef implements ActorAddress {
  readonly type: string;
  readonly id: string;

  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
  }
}

/**
 * A `Map`, as its keys and values in turn: the packer can then keep plain objects as its own maps,
 * five times faster to decode.
 */
export class PortableMap {
  readonly entries: unknown[];

  constructor(entries: unknown[]) {
    this.entries = entries;
  }
}

/**
 * A value that holds itself: the container that is `level` containers below the outermost one, of
 * those that this place lies in. Packers restore what is shared, but of what contains itself they
 * would make something else.
 */
export class PortableLoop {
  readonly level: number;

  constructor(level: number) {
    this.level = level;
  }
}

/** What an error holds. */
export interface ErrorFacts {
  /** The name of the built-in class to make it of. */
  readonly className: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Own fields, `cause` and `errors` included, as far as they can be copied. */
  readonly fields: Record<string, unknown>;
}

/** An error, as what it held. */
export class PortableError {
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    this.facts = facts;
  }
}

/** Under this key a live actor reference shows its address to whoever copies it. */
export const ACTOR_REFERENCE = Symbol("troupe.actorReference");

/** The address of a live actor reference, or undefined if the value is none. */
export function addressOfReference(value: unknown): ActorAddress | undefined {
  if (typeof value !== "object" || value === null || !(ACTOR_REFERENCE in value)) return undefined;
  return value[ACTOR_REFERENCE] as ActorAddress;
}
