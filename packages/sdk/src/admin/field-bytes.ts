import { type Fields, TroupeError } from "@troupe/core";

/** Bytes of the numbers that say how long a name and a value are. */
const LENGTH_BYTES = 4;

/**
 * The stored fields of an actor as one run of bytes, for messages that carry it in slices. For each
 * field, in the order of the names: the length of the name, the name in UTF-8, the length of the
 * value, the value. Lengths are 32 bits, the highest byte first.
 */
export function packFields(fields: Fields): Uint8Array {
  const parts: Uint8Array[] = [];
  const names = [...fields.keys()].toSorted(byUnits);
  for (const name of names) {
    const value = fields.get(name) ?? new Uint8Array();
    const nameBytes = Buffer.from(name);
    parts.push(lengthOf(nameBytes), nameBytes, lengthOf(value), value);
  }
  return Buffer.concat(parts);
}

/** The fields that `packFields` packed. Throws `BAD_CONFIG` for other bytes. */
export function unpackFields(bytes: Uint8Array): Map<string, Uint8Array> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<string, Uint8Array>();
  let at = 0;
  const take = (): Buffer => {
    const start = at + LENGTH_BYTES;
    const end = start <= buffer.length ? start + buffer.readUInt32BE(at) : start;
    if (end > buffer.length)
      throw new TroupeError("BAD_CONFIG", "the fields of an actor are cut off");
    at = end;
    return buffer.subarray(start, end);
  };
  while (at < buffer.length) {
    const name = take().toString();
    fields.set(name, Uint8Array.from(take()));
  }
  return fields;
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt32BE(bytes.length);
  return length;
}

function byUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
