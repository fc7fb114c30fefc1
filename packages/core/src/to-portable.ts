import type { Payload } from "./envelope.ts";
import { messageOf, type Ran, TroupeError } from "./errors.ts";
import { MESSAGE_MAX_BYTES, VALUE_MAX_DEPTH } from "./limits.ts";
import {
  addressOfReference,
  PortableError,
  PortableLoop,
  PortableMap,
  PortableRef,
} from "./portable-value.ts";

/** Bytes that every value is counted with: a number, a tag, or the head of a container. */
const HEAD_BYTES = 9;

/**
 * A stack longer than this is cut: it is for people, and an endless recursion makes endless ones.
 */
const STACK_MAX_LENGTH = 8_192;

/** Thrown inside a copy; every container on the way up adds its step to the path. */
class NotPortable {
  path = "";
  readonly code: "NOT_SERIALIZABLE" | "PAYLOAD_TOO_LARGE";
  readonly what: string;

  constructor(code: "NOT_SERIALIZABLE" | "PAYLOAD_TOO_LARGE", what: string) {
    this.code = code;
    this.what = what;
  }
}

/** What a copy is called in error messages, and how large it may be. */
export interface PortableOptions {
  /** The start of every path: `args`, `result`, `state.entries`. */
  readonly root: string;
  readonly maxBytes?: number;
  /** Whether the method of the call that this is for has run; for the error. Default: no. */
  readonly ran?: Ran;
}

/**
 * A deep copy of `value` in the form in which values travel between actors, to the store, and
 * within one silo.
 *
 * Throws `NOT_SERIALIZABLE` with the path of the first function, symbol, promise, class instance or
 * other thing that has no such form, and `PAYLOAD_TOO_LARGE` as soon as the copy is larger than
 * allowed. Strings count with their bytes of UTF-8, binary data with its bytes, and everything with
 * 9 bytes more. A `Buffer` becomes a `Uint8Array`, and -0 becomes 0.
 */
export function toPortable(value: unknown, options: PortableOptions): Payload {
  const size = scalarBytes(value);
  if (size !== undefined && size <= (options.maxBytes ?? MESSAGE_MAX_BYTES)) {
    return { value: typeof value === "number" ? value + 0 : value, revive: false, size };
  }
  const copier = new Copier(options.maxBytes ?? MESSAGE_MAX_BYTES);
  try {
    const copy = copier.copy(value, 0);
    return { value: copy, revive: copier.revive, size: copier.size };
  } catch (error) {
    if (!(error instanceof NotPortable)) throw error;
    const { root, ran = "no" } = options;
    if (error.code === "PAYLOAD_TOO_LARGE")
      throw new TroupeError(error.code, `${root}: ${error.what}`, { ran });
    throw new TroupeError(
      error.code,
      `${root}${error.path} is ${error.what}, which cannot be copied; pass plain data`,
      { ran },
    );
  }
}

const ARGUMENTS: PortableOptions = { root: "args" };

/**
 * The arguments of one call, for which nobody else has the array: it becomes the payload itself if
 * it holds numbers, strings and the like only, as most do. That makes them 0.2 µs cheaper.
 */
export function argumentsToPortable(args: unknown[]): Payload {
  let size = HEAD_BYTES;
  for (let index = 0; index < args.length; index++) {
    const bytes = scalarBytes(args[index]);
    if (bytes === undefined || size > MESSAGE_MAX_BYTES) return toPortable(args, ARGUMENTS);
    if (args[index] === 0) args[index] = 0;
    size += bytes;
  }
  return size > MESSAGE_MAX_BYTES
    ? toPortable(args, ARGUMENTS)
    : { value: args, revive: false, size };
}

/**
 * Bytes that a value counts which is its own portable form; undefined for one that has to be
 * copied, or cannot be.
 */
function scalarBytes(value: unknown): number | undefined {
  switch (typeof value) {
    case "number":
    case "boolean":
    case "undefined":
      return HEAD_BYTES;
    case "string":
      return HEAD_BYTES + stringBytes(value);
    case "object":
      return value === null ? HEAD_BYTES : undefined;
    case "bigint":
    case "function":
    case "symbol":
      return undefined;
  }
}

/**
 * Short ones are counted by their length: that is exact for ASCII, and exact enough for the rest.
 */
function stringBytes(text: string): number {
  return text.length < 64 ? text.length : Buffer.byteLength(text);
}

/** The portable form of whatever was thrown. Never throws: what cannot be copied is left out. */
export function errorToPortable(thrown: unknown): Payload {
  try {
    if (!(thrown instanceof Error)) return toPortable(thrown, { root: "error" });
    const copier = new Copier(MESSAGE_MAX_BYTES);
    const value = copier.copy(thrown, 0);
    return { value, revive: true, size: copier.size };
  } catch {
    const message = messageOf(thrown).slice(0, STACK_MAX_LENGTH);
    const value = new PortableError({
      className: "Error",
      name: "Error",
      message,
      stack: "",
      fields: {},
    });
    return { value, revive: true, size: HEAD_BYTES + message.length };
  }
}

class Copier {
  size = 0;
  revive = false;
  readonly #maxBytes: number;
  /**
   * Made when the first object is met, so that copying numbers and strings allocates nothing but
   * this copier.
   */
  #copies: Map<object, unknown> | undefined;
  /**
   * The containers that are being copied, from the outermost in; those beyond the current depth are
   * old.
   */
  readonly #open: unknown[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "number":
        this.#count(0);
        return value + 0;
      case "string":
        this.#count(stringBytes(value));
        return value;
      case "boolean":
      case "undefined":
        this.#count(0);
        return value;
      case "bigint":
        this.#count(value > -(2n ** 63n) && value < 2n ** 63n ? 0 : value.toString(16).length);
        return value;
      case "function":
        throw new NotPortable(
          "NOT_SERIALIZABLE",
          value.name === "" ? "a function" : `the function ${value.name}`,
        );
      case "symbol":
        throw new NotPortable("NOT_SERIALIZABLE", "a symbol");
      case "object":
        this.#count(0);
        return value === null ? null : this.#copyObject(value, depth + 1);
    }
  }

  #count(bytes: number): void {
    this.size += HEAD_BYTES + bytes;
    if (this.size > this.#maxBytes) {
      throw new NotPortable(
        "PAYLOAD_TOO_LARGE",
        `more than ${this.#maxBytes} bytes; pass less at a time`,
      );
    }
  }

  #copyObject(value: object, depth: number): unknown {
    if (depth > VALUE_MAX_DEPTH)
      throw new NotPortable("NOT_SERIALIZABLE", `nested deeper than ${VALUE_MAX_DEPTH} levels`);
    const copies = (this.#copies ??= new Map());
    const known = copies.get(value);
    if (known !== undefined) return this.#repeat(known, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null)
      return this.#copyPlain(value as Record<string, unknown>, depth);
    if (prototype === Array.prototype) return this.#copyArray(value as unknown[], depth);
    if (prototype === Map.prototype) return this.#copyMap(value as Map<unknown, unknown>, depth);
    if (prototype === Set.prototype) return this.#copySet(value as Set<unknown>, depth);
    if (value instanceof Error) return this.#copyError(value, depth);
    const copy = this.#copyLeaf(value);
    copies.set(value, copy);
    return copy;
  }

  /** Remembers the copy of a container before its contents are copied, since they may hold it. */
  #enter(value: object, copy: object, depth: number): void {
    this.#copies?.set(value, copy);
    this.#open[depth - 1] = copy;
  }

  /** What was copied before: the same copy, or the way up to it if this place lies in it. */
  #repeat(copy: unknown, depth: number): unknown {
    for (let level = 0; level < depth - 1; level++) {
      if (this.#open[level] !== copy) continue;
      this.revive = true;
      return new PortableLoop(level);
    }
    return copy;
  }

  #copyPlain(value: Record<string, unknown>, depth: number): unknown {
    const copy: Record<string, unknown> = {};
    this.#enter(value, copy, depth);
    for (const key of Object.keys(value)) {
      if (key === "__proto__")
        throw new NotPortable("NOT_SERIALIZABLE", "an object with a key __proto__");
      this.size += key.length;
      copy[key] = this.#step(value[key], depth, key);
    }
    return copy;
  }

  #copyArray(value: readonly unknown[], depth: number): unknown {
    const copy: unknown[] = [];
    this.#enter(value, copy, depth);
    for (let index = 0; index < value.length; index++)
      copy.push(this.#step(value[index], depth, index));
    return copy;
  }

  #copyMap(value: ReadonlyMap<unknown, unknown>, depth: number): unknown {
    const copy = new PortableMap([]);
    this.revive = true;
    this.#enter(value, copy, depth);
    for (const [key, item] of value) {
      const name = typeof key === "string" || typeof key === "number" ? key : "(key)";
      copy.entries.push(this.#step(key, depth, "(key)"), this.#step(item, depth, name));
    }
    return copy;
  }

  #copySet(value: ReadonlySet<unknown>, depth: number): unknown {
    const copy = new Set<unknown>();
    this.#enter(value, copy, depth);
    let index = 0;
    for (const item of value) copy.add(this.#step(item, depth, index++));
    return copy;
  }

  #copyError(value: Error, depth: number): unknown {
    const fields: Record<string, unknown> = {};
    const stack = (value.stack ?? "").slice(0, STACK_MAX_LENGTH);
    const copy = new PortableError({
      className: builtInClassOf(value),
      name: value.name,
      message: value.message,
      stack,
      fields,
    });
    this.revive = true;
    this.#enter(value, copy, depth);
    this.#count(value.message.length + stack.length);
    for (const key of Object.getOwnPropertyNames(value)) {
      if (key === "message" || key === "stack" || key === "name" || key === "__proto__") continue;
      try {
        fields[key] = this.copy((value as unknown as Record<string, unknown>)[key], depth);
      } catch (error) {
        // A field that cannot travel must not hide the error that has it.
        if (!(error instanceof NotPortable) || error.code !== "NOT_SERIALIZABLE") throw error;
      }
    }
    return copy;
  }

  #copyLeaf(value: object): unknown {
    if (value instanceof Date) return new Date(value);
    if (value instanceof RegExp) {
      this.#count(value.source.length);
      return new RegExp(value.source, value.flags);
    }
    if (ArrayBuffer.isView(value)) return this.#copyView(value);
    if (value instanceof ArrayBuffer) {
      this.#count(value.byteLength);
      return value.slice(0);
    }
    const address = value instanceof PortableRef ? value : addressOfReference(value);
    if (address !== undefined) {
      this.revive = true;
      this.#count(address.type.length + address.id.length);
      return new PortableRef(address.type, address.id);
    }
    const name = (value.constructor as { name?: string } | undefined)?.name;
    throw new NotPortable(
      "NOT_SERIALIZABLE",
      name === "Promise" ? "a promise (await it first)" : `an instance of ${name || "a class"}`,
    );
  }

  #copyView(view: ArrayBufferView): unknown {
    this.#count(view.byteLength);
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
    if (view instanceof Uint8Array) return bytes;
    const Class = view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
    return new Class(bytes.buffer);
  }

  /** Copies what a container holds under `key`, and names the key if that fails. */
  #step(value: unknown, depth: number, key: string | number): unknown {
    try {
      return this.copy(value, depth);
    } catch (error) {
      if (error instanceof NotPortable) error.path = formatStep(key) + error.path;
      throw error;
    }
  }
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function formatStep(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

const BUILT_IN_ERRORS = new Set([
  "Error",
  "RangeError",
  "TypeError",
  "SyntaxError",
  "ReferenceError",
  "EvalError",
  "URIError",
  "AggregateError",
  "TroupeError",
]);

function builtInClassOf(error: Error): string {
  for (
    let prototype: unknown = error;
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const name = (prototype as { constructor?: { name?: string } }).constructor?.name;
    if (name !== undefined && BUILT_IN_ERRORS.has(name)) return name;
  }
  return "Error";
}
