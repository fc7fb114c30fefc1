import { MESSAGE_MAX_BYTES, type Payload } from "@troupe/core";

/** What every value counts for, whatever it is. */
const VALUE_BYTES = 1;

/**
 * The payload with at least the size that its value has. A sender says the size of what it sends,
 * and who says too little could have more calls wait than a silo has memory for.
 *
 * It counts less than `toPortable` does, so the payload of an honest sender is given back as it is.
 */
export function withMeasuredSize(payload: Payload): Payload {
  const { value } = payload;
  const measured = (Array.isArray(value) ? bytesOfScalars(value) : undefined) ?? bytesOf(value);
  return measured > payload.size ? { ...payload, size: measured } : payload;
}

/** Nearly all arguments are a few scalars; undefined if one of them is more (40 ns, not 400). */
function bytesOfScalars(args: readonly unknown[]): number | undefined {
  let bytes = VALUE_BYTES;
  for (const arg of args) {
    if (typeof arg === "object" && arg !== null) return undefined;
    bytes += typeof arg === "string" ? VALUE_BYTES + arg.length : VALUE_BYTES;
  }
  return bytes;
}

/** Stops where no message may be longer. Values that hold each other are counted once. */
function bytesOf(value: unknown): number {
  let bytes = 0;
  const seen = new Set<object>();
  const rest: unknown[] = [value];
  while (rest.length > 0 && bytes < MESSAGE_MAX_BYTES) {
    const next = rest.pop();
    bytes += VALUE_BYTES;
    if (typeof next === "string") bytes += next.length;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) bytes += next.byteLength;
    else pushParts(next, rest);
  }
  return Math.min(bytes, MESSAGE_MAX_BYTES);
}

function pushParts(container: object, rest: unknown[]): void {
  if (Array.isArray(container) || container instanceof Set) {
    for (const item of container as Iterable<unknown>) rest.push(item);
  } else if (container instanceof Map) {
    for (const [key, item] of container as Map<unknown, unknown>) rest.push(key, item);
  } else {
    for (const key of Object.keys(container)) {
      rest.push(key, (container as Record<string, unknown>)[key]);
    }
  }
}
