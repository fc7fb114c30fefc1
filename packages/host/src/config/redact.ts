const HIDDEN = "***";

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;

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
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return "…";
  if (Array.isArray(value))
    return value.map((item: unknown) => redactValue(item, secrets, depth + 1));
  const entries: Iterable<[string, unknown]> =
    value instanceof Error ? errorEntries(value) : Object.entries(value);
  return Object.fromEntries(
    Array.from(entries, ([name, item]) => [
      name,
      SECRET_NAME.test(name) && item !== undefined ? HIDDEN : redactValue(item, secrets, depth + 1),
    ]),
  );
}

function errorEntries(error: Error): [string, unknown][] {
  const own = Object.entries(error).filter(([name]) => name !== "cause");
  const cause: [string, unknown][] = error.cause === undefined ? [] : [["cause", error.cause]];
  return [
    ["type", error.name],
    ["message", error.message],
    ["stack", error.stack],
    ...own,
    ...cause,
  ];
}
