import type { ActorAddress } from "./actor-address.ts";
import type { Payload } from "./envelope.ts";
import { TroupeError } from "./errors.ts";
import { PortableError, PortableLoop, PortableMap, PortableRef } from "./portable-value.ts";

/** Makes a live reference of an address. */
export type MakeReference = (address: ActorAddress) => unknown;

/**
 * The live value of a payload: references, maps and errors are made anew, everything else is the
 * payload's own. So a payload is read once, and by one reader.
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
    this.#enter(value, value, depth);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++)
        value[index] = this.revive(value[index], depth + 1);
    } else if (value instanceof Set) {
      const items = [...value];
      value.clear();
      for (const item of items) value.add(this.revive(item, depth + 1));
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      const fields = value as Record<string, unknown>;
      for (const key of Object.keys(fields)) fields[key] = this.revive(fields[key], depth + 1);
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

  #reviveError(portable: PortableError, depth: number): unknown {
    const { facts } = portable;
    const Class = Object.hasOwn(ERROR_CLASSES, facts.className)
      ? ERROR_CLASSES[facts.className]
      : undefined;
    const error = this.#enter(portable, (Class ?? ERROR_CLASSES.Error)(), depth);
    defineHidden(error, "message", facts.message);
    defineHidden(error, "stack", facts.stack);
    if (error.name !== facts.name) defineHidden(error, "name", facts.name);
    for (const [key, field] of Object.entries(facts.fields)) {
      const value = this.revive(field, depth + 1);
      if (key === "cause" || key === "errors") defineHidden(error, key, value);
      else (error as unknown as Record<string, unknown>)[key] = value;
    }
    return error;
  }
}

const ERROR_CLASSES = {
  Error: () => new Error(),
  RangeError: () => new RangeError(),
  TypeError: () => new TypeError(),
  SyntaxError: () => new SyntaxError(),
  ReferenceError: () => new ReferenceError(),
  EvalError: () => new EvalError(),
  URIError: () => new URIError(),
  AggregateError: () => new AggregateError([]),
  TroupeError: () => new TroupeError("INTERNAL", ""),
} as Record<string, () => Error> & { Error: () => Error };

/** Sets a field as the built-in errors have it: there, but not among those that are listed. */
function defineHidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
