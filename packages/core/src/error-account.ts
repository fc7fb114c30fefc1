import { types } from "node:util";
import { registeredNameOf } from "./error-classes.ts";
import { cutText } from "./message-of.ts";

/**
 * Reads what an error says without trusting it: its message may be no string, any getter may throw,
 * and the whole may be a proxy that throws from every trap.
 */
export interface ErrorAccount {
  /** The name of the built-in class to make it of. */
  readonly className: string;
  /** The name under which its class was registered; undefined if it was not. */
  readonly registered: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** A name or message that is not a string, as it is. */
  readonly odd: Readonly<Record<string, unknown>>;
  /** Names of fields that could not even be read, with the reason. */
  readonly unread: readonly string[];
  /** Names of own fields that are left to be copied. */
  readonly keys: readonly (string | symbol)[];
}

/**
 * A stack longer than this is cut: it is for people, and an endless recursion makes endless ones.
 */
const STACK_MAX_LENGTH = 8_192;

/** Under this name an error that has travelled lists the fields that could not. */
export const DROPPED_FIELDS = "droppedFields";

const NOT_FIELDS: ReadonlySet<string | symbol> = new Set(["message", "stack", "name", "__proto__"]);

/** The account of an error, with texts of at most `textMax` characters. Never throws. */
export function accountOf(error: Error, textMax: number): ErrorAccount {
  const unread: string[] = [];
  const odd: Record<string, unknown> = {};
  const className = builtInClassOf(error);
  const text = (field: "name" | "message", otherwise: string): string => {
    try {
      const value: unknown = error[field];
      if (typeof value === "string") return cutText(value, textMax);
      odd[field] = value;
    } catch {
      unread.push(`${field} throws when it is read`);
    }
    return otherwise;
  };
  const name = text("name", className);
  const message = text("message", "");
  const registered = registeredNameOf(error);
  const [stack, keys] = [stackOf(error), keysOf(error)];
  return { className, registered, name, message, stack, odd, unread, keys };
}

function stackOf(error: Error): string {
  try {
    const { stack } = error as { readonly stack?: unknown };
    return typeof stack === "string" ? stack.slice(0, STACK_MAX_LENGTH) : "";
  } catch {
    return "";
  }
}

function keysOf(error: Error): (string | symbol)[] {
  try {
    return Reflect.ownKeys(error).filter((key) => !NOT_FIELDS.has(key));
  } catch {
    return [];
  }
}

/** True if the field is one that whoever threw the error shows to everybody. */
export function isShownField(error: Error, key: string | symbol): boolean {
  try {
    return (
      key === "cause" ||
      key === "errors" ||
      Object.getOwnPropertyDescriptor(error, key)?.enumerable === true
    );
  } catch {
    return true;
  }
}

const BUILT_IN_ERRORS: ReadonlySet<string> = new Set([
  "Error",
  "RangeError",
  "TypeError",
  "SyntaxError",
  "ReferenceError",
  "EvalError",
  "URIError",
  "AggregateError",
  "SuppressedError",
  "DOMException",
  "TroupeError",
]);

/** Classes between an error and a built-in one; a proxy could show an endless chain. */
const CLASSES_MAX = 100;

/** Names of the built-in classes of errors, by the prototypes of all classes that were met. */
const classNames = new WeakMap<object, string>();

/** The first built-in class among those of the error. Never throws. */
function builtInClassOf(error: Error): string {
  try {
    const own: unknown = Object.getPrototypeOf(error);
    if (!isObject(own)) return "Error";
    const known = classNames.get(own);
    if (known !== undefined) return known;
    const name = searchBuiltInClass(own);
    classNames.set(own, name);
    return name;
  } catch {
    // A trap threw, so nobody can tell more than that it is an error.
    return "Error";
  }
}

function searchBuiltInClass(from: object): string {
  let prototype: unknown = from;
  for (let step = 0; step < CLASSES_MAX && isObject(prototype); step++) {
    const name = constructorName(prototype);
    if (name !== undefined && BUILT_IN_ERRORS.has(name)) return name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

function constructorName(prototype: object): string | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || types.isProxy(constructor)) return undefined;
  const name: unknown = Object.getOwnPropertyDescriptor(constructor, "name")?.value;
  return typeof name === "string" ? name : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
