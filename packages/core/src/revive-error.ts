import { DROPPED_FIELDS } from "./error-account.ts";
import { registeredErrorClass } from "./error-classes.ts";
import { TroupeError } from "./errors.ts";
import type { ErrorContent } from "./portable-value.ts";

type MakeError = (facts: ErrorContent) => Error;

/** Makes one of each built-in class. The own fields that it gives them are set afterwards. */
const ERROR_CLASSES = {
  Error: () => new Error(),
  RangeError: () => new RangeError(),
  TypeError: () => new TypeError(),
  SyntaxError: () => new SyntaxError(),
  ReferenceError: () => new ReferenceError(),
  EvalError: () => new EvalError(),
  URIError: () => new URIError(),
  AggregateError: () => new AggregateError([]),
  DOMException: ({ message, name }: ErrorContent) => new DOMException(message, name),
  TroupeError: () => new TroupeError("INTERNAL", ""),
} as Record<string, MakeError> & { Error: MakeError };

/** Node.js 22 has no such class; there it arrives as an `Error` of that name. */
const { SuppressedError: Suppressed } = globalThis as {
  readonly SuppressedError?: new (error: unknown, suppressed: unknown) => Error;
};
if (Suppressed !== undefined)
  ERROR_CLASSES.SuppressedError = () => new Suppressed(undefined, undefined);

/** Fields that built-in errors have, but not among those that are listed. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set([
  "cause",
  "errors",
  "message",
  "name",
  DROPPED_FIELDS,
]);

/** An error of its class with name, message and stack, and with nothing yet of its fields. */
export function reviveEmptyError(facts: ErrorContent): Error {
  const { className, registered, name, message, dropped } = facts;
  const make = Object.hasOwn(ERROR_CLASSES, className) ? ERROR_CLASSES[className] : undefined;
  const error = (make ?? ERROR_CLASSES.Error)(facts);
  const own = registered === undefined ? undefined : registeredErrorClass(registered);
  // Its constructor may want anything, so it does not run: what it had set comes with the fields.
  if (own !== undefined) Object.setPrototypeOf(error, own.prototype as object);
  if (error.message !== message) defineHidden(error, "message", message);
  if (error.name !== name) defineHidden(error, "name", name);
  defineHidden(error, "stack", stackOf(facts));
  if (dropped.length > 0) defineHidden(error, DROPPED_FIELDS, [...dropped]);
  return error;
}

/** With a line about what did not travel, since the stack is what people print. */
function stackOf({ name, message, stack, dropped }: ErrorContent): string {
  const shown = stack === "" ? `${name}: ${message}` : stack;
  if (dropped.length === 0) return shown;
  const note = `\n    -- did not travel: ${dropped.join("; ")} --`;
  return shown.includes(note) ? shown : shown + note;
}

/** Sets a field of an error, listed or not as its class would have it. */
export function defineField(error: Error, key: string, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(error, key);
  const enumerable = own === undefined ? !HIDDEN_FIELDS.has(key) : own.enumerable === true;
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
}

function defineHidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
