import type { ActorAddress } from "./actor-address.ts";
import type { Payload } from "./envelope.ts";
import { TroupeError } from "./errors.ts";
import { PortableError, PortableMap, PortableRef } from "./portable-value.ts";

/** Makes a live reference of an address. */
export type MakeReference = (address: ActorAddress) => unknown;

/**
 * The live value of a payload: references, maps and errors are made anew, everything else is the payload's own. So a payload
 * is read once, and by one reader.
 */
export function fromPortable(payload: Payload, makeReference: MakeReference): unknown {
  return payload.revive ? new Reviver(makeReference).revive(payload.value) : payload.value;
}

class Reviver {
  readonly #makeReference: MakeReference;
  readonly #revived = new Map<object, unknown>();

  constructor(makeReference: MakeReference) {
    this.#makeReference = makeReference;
  }

  revive(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const known = this.#revived.get(value);
    if (known !== undefined) return known;
    if (value instanceof PortableRef) return this.#remember(value, this.#makeReference({ type: value.type, id: value.id }));
    if (value instanceof PortableMap) return this.#reviveMap(value);
    if (value instanceof PortableError) return this.#reviveError(value);
    this.#remember(value, value);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) value[index] = this.revive(value[index]);
    } else if (value instanceof Set) {
      const items = [...value];
      value.clear();
      for (const item of items) value.add(this.revive(item));
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      const fields = value as Record<string, unknown>;
      for (const key of Object.keys(fields)) fields[key] = this.revive(fields[key]);
    }
    return value;
  }

  #remember<T>(portable: object, live: T): T {
    this.#revived.set(portable, live);
    return live;
  }

  #reviveMap(portable: PortableMap): unknown {
    const map = this.#remember(portable, new Map<unknown, unknown>());
    const { entries } = portable;
    for (let index = 0; index + 1 < entries.length; index += 2)
      map.set(this.revive(entries[index]), this.revive(entries[index + 1]));
    return map;
  }

  #reviveError(portable: PortableError): unknown {
    const { facts } = portable;
    const Class = Object.hasOwn(ERROR_CLASSES, facts.className) ? ERROR_CLASSES[facts.className] : undefined;
    const error = this.#remember(portable, (Class ?? ERROR_CLASSES.Error)());
    defineHidden(error, "message", facts.message);
    defineHidden(error, "stack", facts.stack);
    if (error.name !== facts.name) defineHidden(error, "name", facts.name);
    for (const [key, field] of Object.entries(facts.fields)) {
      const value = this.revive(field);
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
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
