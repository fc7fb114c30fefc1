import { isErrorValue, messageOf } from "@troupe/core";

const HIDDEN = "***";

/**
 * Up to the last @ if there is a password, which may hold any character when its owner forgot to
 * encode it; else a name alone.
 */
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@"':]*:[^\s"']*|[^\s/@"']+)@/gi;

const SECRET_NAME = /token|password|passwd|secret|credential|authorization/i;

/** Levels of a logged value that are looked at. What lies deeper is not printed at all. */
const DEPTH_MAX = 6;

/** The text without the user names and passwords of URLs in it, and without the given secrets. */
export function redactText(text: string, secrets: readonly string[] = []): string {
  const withoutSecrets = secrets
    .filter((secret) => secret !== "")
    .reduce((partial, secret) => partial.replaceAll(secret, HIDDEN), text);
  return withoutSecrets.replace(URL_CREDENTIALS, `$1${HIDDEN}@`);
}

/**
 * A copy of what is to be logged in which no secret is left: values under a telling name,
 * credentials in URLs, and the given secrets wherever they stand. Errors become plain objects with
 * their message, stack and cause.
 */
export function redactValue(value: unknown, secrets: readonly string[], depth = 0): unknown {
  if (typeof value === "string") return redactText(value, secrets);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return "…";
  try {
    return redactObject(value, secrets, depth);
  } catch (error) {
    return `(cannot be read: ${redactText(messageOf(error), secrets)})`;
  }
}

function redactObject(value: object, secrets: readonly string[], depth: number): unknown {
  if (Array.isArray(value))
    return Array.from(value, (item: unknown) => redactValue(item, secrets, depth + 1));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid" : value.toISOString();
  const redacted: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of isErrorValue(value) ? errorFields(value) : Object.keys(value)) {
    const item = readField(value, name);
    const isSecret = SECRET_NAME.test(name) && item !== undefined;
    redacted[name] = isSecret ? HIDDEN : redactValue(item, secrets, depth + 1);
  }
  if (!isErrorValue(value)) return { ...redacted };
  const { name, message, stack, ...fields } = redacted;
  return { type: name, message, stack, ...fields };
}

/** A field that throws costs only itself. */
function readField(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch (error) {
    return `(cannot be read: ${messageOf(error)})`;
  }
}

function errorFields(error: Error): Set<string> {
  const cause = error.cause === undefined ? [] : ["cause"];
  return new Set(["name", "message", "stack", ...Object.keys(error), ...cause]);
}
