/** Bytes that every value is counted with: a number, a tag, or the head of a container. */
export const HEAD_BYTES = 9;

/**
 * Bytes that a value counts which is its own portable form; undefined for one that has to be
 * copied, or cannot be. Two kinds of scalar are not their own form: -0 and a string with an
 * unpaired surrogate, which packed bytes would change.
 */
export function scalarBytes(value: unknown): number | undefined {
  switch (typeof value) {
    case "number":
      return value !== 0 || 1 / value > 0 ? HEAD_BYTES : undefined;
    case "boolean":
    case "undefined":
      return HEAD_BYTES;
    case "string":
      return isWellFormed(value) ? HEAD_BYTES + stringBytes(value) : undefined;
    case "object":
      return value === null ? HEAD_BYTES : undefined;
    case "bigint":
    case "function":
    case "symbol":
      return undefined;
  }
}

/**
 * True if nothing can change within the value, and the value itself is what travels and is stored.
 */
export function isOwnPortable(value: unknown): boolean {
  return typeof value === "bigint" || scalarBytes(value) !== undefined;
}

/** Texts up to this length are looked through here, which is quicker than the call. */
const SHORT_TEXT = 20;

/** True if the text has no unpaired surrogate, so that UTF-8 can hold it. */
export function isWellFormed(text: string): boolean {
  if (text.length > SHORT_TEXT) return text.isWellFormed();
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) >= 0xd800) return text.isWellFormed();
  return true;
}

/**
 * Short ones are counted by their length: that is exact for ASCII, and exact enough for the rest.
 */
function stringBytes(text: string): number {
  return text.length < 64 ? text.length : Buffer.byteLength(text);
}
