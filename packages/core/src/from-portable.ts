import type { ActorAddress } from "./actor-address.ts";
import type { Payload } from "./envelope.ts";
import {
  PortableArray,
  PortableBare,
  PortableError,
  PortableLoop,
  PortableMap,
  PortableMinusZero,
  PortablePattern,
  PortableRef,
  PortableText,
} from "./portable-value.ts";
import { defineField, reviveEmptyError } from "./revive-error.ts";

/** Makes a live reference of an address. */
export type MakeReference = (address: ActorAddress) => unknown;

/**
 * The live value of a payload: references, maps and errors are made anew, everything else is the
 * payload's own. So a payload is read once, and by one reader. Throws if a reference has no valid
 * address, or a regular expression has syntax that this Node.js does not know.
 */
export function fromPortable(payload: Payload, makeReference: MakeReference): unknown {
  return payload.revive ? new Reviver(makeReference).revive(payload.value, 0) : payload.value;
}

class Reviver {
  readonly #makeReference: MakeReference;
  readonly #revived = new Map<object, unknown>();
  /**
   * The live containers around the current place, from the outermost in; those beyond the current
   * depth are old.
   */
  readonly #open: unknown[] = [];

  constructor(makeReference: MakeReference) {
    this.#makeReference = makeReference;
  }

  /** `depth` containers lie around the value. */
  revive(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof PortableLoop) return this.#open[value.level];
    const known = this.#revived.get(value);
    if (known !== undefined) return known;
    if (value instanceof PortableRef) {
      const reference = this.#makeReference({ type: value.type, id: value.id });
      this.#revived.set(value, reference);
      return reference;
    }
    if (value instanceof PortableMap) return this.#reviveMap(value, depth);
    if (value instanceof PortableError) return this.#reviveError(value, depth);
    if (value instanceof PortablePattern) return this.#revivePattern(value);
    if (value instanceof PortableText) return value.text;
    if (value instanceof PortableMinusZero) return value.value;
    if (value instanceof PortableArray)
      return this.#reviveArray(value, this.#enter<unknown[]>(value, [], depth), depth);
    if (value instanceof PortableBare) {
      const bare = this.#enter(value, Object.create(null) as Fields, depth);
      return this.#reviveFields(value.fields, bare, depth);
    }
    this.#enter(value, value, depth);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++)
        value[index] = this.revive(value[index], depth + 1);
    } else if (value instanceof Set) {
      const items = [...value];
      value.clear();
      for (const item of items) value.add(this.revive(item, depth + 1));
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      this.#reviveFields(value as Fields, value as Fields, depth);
    }
    return value;
  }

  /** Remembers a container before its contents are revived, since they may hold it. */
  #enter<T>(portable: object, live: T, depth: number): T {
    this.#revived.set(portable, live);
    this.#open[depth] = live;
    return live;
  }

  #reviveMap(portable: PortableMap, depth: number): unknown {
    const map = this.#enter(portable, new Map<unknown, unknown>(), depth);
    const { entries } = portable;
    for (let index = 0; index + 1 < entries.length; index += 2) {
      const key = this.revive(entries[index], depth + 1);
      map.set(key, this.revive(entries[index + 1], depth + 1));
    }
    return map;
  }

  #reviveArray({ length, entries }: PortableArray, array: unknown[], depth: number): unknown {
    if (Number.isInteger(length) && length >= 0 && length <= ARRAY_MAX) array.length = length;
    for (let index = 0; index + 1 < entries.length; index += 2)
      array[entries[index] as number] = this.revive(entries[index + 1], depth + 1);
    return array;
  }

  #reviveFields(from: Fields, to: Fields, depth: number): unknown {
    for (const key of Object.keys(from)) to[key] = this.revive(from[key], depth + 1);
    return to;
  }

  #revivePattern(portable: PortablePattern): RegExp {
    const pattern = new RegExp(portable.source, portable.flags);
    pattern.lastIndex = portable.lastIndex;
    this.#revived.set(portable, pattern);
    return pattern;
  }

  #reviveError(portable: PortableError, depth: number): unknown {
    const { facts } = portable;
    const error = this.#enter(portable, reviveEmptyError(facts), depth);
    for (const [key, field] of Object.entries(facts.fields)) {
      const value = this.revive(field, depth + 1);
      defineField(error, key, value);
    }
    return error;
  }
}

type Fields = Record<string, unknown>;

/** The largest length that an array can have. */
const ARRAY_MAX = 2 ** 32 - 1;
