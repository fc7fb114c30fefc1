export const TIME_BYTES = 8;

/**
 * A time as bytes that sort as times do: a big-endian double, of which negative ones are turned
 * whole, others in their sign.
 */
export function timeKey(time: number): Buffer {
  const key = Buffer.allocUnsafe(TIME_BYTES);
  // Adding zero makes one of the two zeros.
  key.writeDoubleBE(time + 0, 0);
  turn(key, (key[0] ?? 0) >= 0x80);
  return key;
}

/** The time whose key these bytes begin with. */
export function timeOf(bytes: Uint8Array): number {
  // A copy, because the bytes are turned back in place.
  const key = Buffer.from(bytes.subarray(0, TIME_BYTES));
  turn(key, (key[0] ?? 0) < 0x80);
  return key.readDoubleBE(0);
}

function turn(key: Buffer, isNegative: boolean): void {
  if (!isNegative) {
    key[0] = (key[0] ?? 0) ^ 0x80;
    return;
  }
  for (let index = 0; index < TIME_BYTES; index++) key[index] = (key[index] ?? 0) ^ 0xff;
}
