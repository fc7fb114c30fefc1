import { inspect, types } from "node:util";

/** Characters of a message: it ends up in log lines and in stored records. */
const MESSAGE_MAX_LENGTH = 8_192;

const UNREADABLE = "a thrown value that cannot be read";

/**
 * The message of whatever was thrown, for log lines and for messages that wrap it. Never throws,
 * whatever the value's getters or traps do, and gives at most 8,192 characters of well-formed text.
 */
export function messageOf(thrown: unknown): string {
  return cutText(textOf(thrown), MESSAGE_MAX_LENGTH).toWellFormed();
}

function textOf(thrown: unknown): string {
  try {
    if (typeof thrown === "string") return thrown;
    if (typeof thrown !== "object" || thrown === null) return shortText(thrown);
    const { message } = thrown as { message?: unknown };
    if (typeof message === "string" && (message !== "" || isErrorValue(thrown))) return message;
    if (!isErrorValue(thrown)) return shortText(thrown);
    const { name } = thrown as { name?: unknown };
    const what = typeof name === "string" ? name : "an error";
    return message === undefined
      ? `${what} without a message`
      : `${what} with the message ${shortText(message)}`;
  } catch {
    return UNREADABLE;
  }
}

/** The stack of an error, or undefined if it has none, or is none. Never throws. */
export function stackOf(thrown: unknown): string | undefined {
  try {
    if (!isErrorValue(thrown)) return undefined;
    const stack: unknown = thrown.stack;
    return typeof stack === "string" ? cutText(stack, MESSAGE_MAX_LENGTH) : undefined;
  } catch {
    return undefined;
  }
}

/** Some text for a value of any kind. May throw what the value's own code throws. */
function shortText(value: unknown): string {
  return inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    customInspect: false,
    maxArrayLength: 10,
    maxStringLength: 1_000,
  });
}

/**
 * True for an error, also for one that another realm or a copy of a class made. Unlike `instanceof`
 * it never throws, which a proxy's traps and a revoked proxy make that do.
 */
export function isErrorValue(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false;
  }
}

/** The text, or its start and how much there was if it is longer than `max` characters. */
export function cutText(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}
