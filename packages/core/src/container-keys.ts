import { type NotPortable, notPlain } from "./not-portable.ts";
import { isWellFormed } from "./scalar-bytes.ts";

/**
 * True for an array without holes and without fields besides its items, which has as many values as
 * places. Asking for the values costs 3 ns an item, and for the keys 10: so these are asked for
 * only where a hole could stand beside a field, and a hole reads as undefined.
 */
export function isDense(array: readonly unknown[], values: readonly unknown[]): boolean {
  const { length } = array;
  if (values.length !== length) return false;
  if (!Array.prototype.includes.call(array, undefined)) return true;
  return Object.keys(array)[length - 1] === String(length - 1);
}

/** Keys that were looked at before. Most objects have few, and the same ones again and again. */
const knownKeys = new Map<string, number>();
const KNOWN_KEYS_MAX = 4_096;

/** Bytes that a key counts. Throws for one that has no portable form. */
export function keyBytes(key: string): number {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  if (key === "__proto__") throw notPlain("a key named __proto__");
  if (!isWellFormed(key)) throw notPlain("a key with an unpaired surrogate");
  if (key.length <= 64 && knownKeys.size < KNOWN_KEYS_MAX) knownKeys.set(key, key.length);
  return key.length;
}

/** The refusal of an object with fields that a copy would not show. */
export function hiddenField(value: object): NotPortable {
  const hidden = Reflect.ownKeys(value).find(
    (key) =>
      typeof key === "symbol" || Object.getOwnPropertyDescriptor(value, key)?.enumerable !== true,
  );
  return notPlain(
    typeof hidden === "symbol"
      ? `an object with the key ${String(hidden)}`
      : `an object with a field that is not enumerable (${hidden})`,
  );
}
