import type { ActorAddress } from "./actor-address.ts";

/**
 * The kinds of value that travel in another form than they live in. Everything else that may travel
 * (numbers, bigint, strings, booleans, null, undefined, arrays, plain objects, Set, Date,
 * ArrayBuffer, typed arrays) travels as it is.
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

/** The number -0, which packed bytes would take for 0. */
export class PortableMinusZero {
  readonly value = -0;
}

/** A string with an unpaired surrogate, which has no form in UTF-8. */
export class PortableText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A regular expression. It is made by whoever reads it, so that syntax that an older Node.js does
 * not know fails the call and not the link that carries it.
 */
export class PortablePattern {
  readonly source: string;
  readonly flags: string;
  readonly lastIndex: number;

  constructor(source: string, flags: string, lastIndex: number) {
    this.source = source;
    this.flags = flags;
    this.lastIndex = lastIndex;
  }
}

/** A plain object without a prototype, as its fields. */
export class PortableBare {
  readonly fields: Record<string, unknown>;

  constructor(fields: Record<string, unknown>) {
    this.fields = fields;
  }
}

/** An array with holes, or with named fields: its length, and its keys and values in turn. */
export class PortableArray {
  readonly length: number;
  readonly entries: unknown[];

  constructor(length: number, entries: unknown[]) {
    this.length = length;
    this.entries = entries;
  }
}

/** What an error holds. */
export interface ErrorContent {
  /** The name of the built-in class to make it of. */
  readonly className: string;
  /** The name of the user's class to make it of, where that is known. */
  readonly registered?: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /**
   * Own fields, `cause` and `errors` included, as far as they can be copied. A name or message that
   * is not a string is among them, as it was.
   */
  readonly fields: Record<string, unknown>;
  /** Fields that could not be copied, each with the reason. */
  readonly dropped: readonly string[];
}

/** An error, as what it held. */
export class PortableError {
  readonly facts: ErrorContent;

  constructor(facts: ErrorContent) {
    this.facts = facts;
  }
}

/**
 * Under this key a live actor reference shows its address to whoever copies it, also to another
 * copy of this package.
 */
export const ACTOR_REFERENCE = Symbol.for("troupe.actorReference");

/** The address of a live actor reference, or undefined if the value is none. */
export function addressOfReference(value: unknown): ActorAddress | undefined {
  if (typeof value !== "object" || value === null || !(ACTOR_REFERENCE in value)) return undefined;
  return value[ACTOR_REFERENCE] as ActorAddress;
}
