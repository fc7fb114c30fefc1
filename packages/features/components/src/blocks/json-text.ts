import { MESSAGE_MAX_BYTES, TroupeError, VALUE_MAX_DEPTH } from "@troupe/core";

/**
 * The JSON text of a value that comes back from it as the same value. Fields that are undefined are
 * left out. Throws `NOT_SERIALIZABLE` with the path of what JSON cannot hold, and
 * `PAYLOAD_TOO_LARGE` for more than 4 MiB.
 */
export function jsonText(value: unknown, path: string): string {
  check(value, path, 0);
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MESSAGE_MAX_BYTES) return text;
  throw new TroupeError(
    "PAYLOAD_TOO_LARGE",
    `${path} has ${bytes} bytes of JSON; at most ${MESSAGE_MAX_BYTES}`,
  );
}

/** The value of a JSON text that came out of a component. `where` is for the error. */
export function jsonValue(text: string, where: () => string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TroupeError("NOT_SERIALIZABLE", `${where()} is no JSON`, {
      cause: error,
    });
  }
}

function check(value: unknown, path: string, depth: number): void {
  if (depth > VALUE_MAX_DEPTH) refuse(path, `is nested deeper than ${VALUE_MAX_DEPTH} levels`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) refuse(path, `is ${value}`);
      return;
    case "object":
      if (value !== null) checkObject(value, path, depth);
      return;
    case "undefined":
    case "bigint":
    case "symbol":
    case "function":
      refuse(path, `is ${typeof value === "undefined" ? "undefined" : `a ${typeof value}`}`);
  }
}

function checkObject(value: object, path: string, depth: number): void {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      check(value[index], `${path}[${index}]`, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    refuse(path, `is a ${value.constructor?.name ?? "class instance"}`);
  for (const [name, field] of Object.entries(value))
    if (field !== undefined) check(field, `${path}.${name}`, depth + 1);
}

function refuse(path: string, what: string): never {
  throw new TroupeError(
    "NOT_SERIALIZABLE",
    `${path} ${what}, which JSON cannot hold; give texts, numbers, lists and plain objects`,
  );
}
