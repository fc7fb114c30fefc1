import { TroupeError } from "@troupe/core";

/**
 * The texts of a value of nested objects and lists, by the names on the way to each, with
 * `separator` in between: `redis:password`, `hosts:0`. Numbers and booleans are texts too.
 */
export function nestedTexts(value: unknown, separator: string): ReadonlyMap<string, string> {
  return new Map(textsBelow(value, "", separator));
}

function textsBelow(
  value: unknown,
  path: string,
  separator: string,
): (readonly [string, string])[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, field]) =>
      textsBelow(field, path === "" ? name : path + separator + name, separator),
    );
  if (typeof value === "string") return [[path, value]];
  return [[path, value === null ? "" : JSON.stringify(value)]];
}

/** The object of a JSON text. `what` is for the message if it is none. */
export function jsonObject(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message shows a part of the text, which may be a secret.
    throw new TroupeError("BAD_CONFIG", `${what} is no JSON`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new TroupeError("BAD_CONFIG", `${what} is no JSON object`);
}
