/** The type of bytes among PostgreSQL's own. */
const BYTEA = 17;

const HEAD_BYTES = 20;
const LENGTH_BYTES = 4;

/**
 * An array of bytes as PostgreSQL's protocol has it in binary. As text each byte would be two
 * characters.
 */
export function bytesArray(items: readonly Uint8Array[]): Buffer {
  const size = items.reduce((sum, item) => sum + LENGTH_BYTES + item.length, HEAD_BYTES);
  const array = Buffer.allocUnsafe(size);
  // An array without items has no dimension; its type stands there all the same.
  array.writeInt32BE(items.length === 0 ? 0 : 1, 0);
  array.writeInt32BE(0, 4);
  array.writeInt32BE(BYTEA, 8);
  if (items.length === 0) return array.subarray(0, 12);
  array.writeInt32BE(items.length, 12);
  array.writeInt32BE(1, 16);
  let at = HEAD_BYTES;
  for (const item of items) {
    array.writeInt32BE(item.length, at);
    array.set(item, at + LENGTH_BYTES);
    at += LENGTH_BYTES + item.length;
  }
  return array;
}

/** The same of texts. They are stored as bytes, since PostgreSQL's text cannot hold every one. */
export function textsArray(items: readonly string[]): Buffer {
  return bytesArray(items.map((item) => Buffer.from(item)));
}

/** An array of numbers, as text. */
export function numbersArray(items: readonly number[]): string {
  return `{${items.join(",")}}`;
}

/** The bytes that PostgreSQL gives as text, in hexadecimal digits. */
export function parseBytes(text: string): Buffer {
  return Buffer.from(text.slice(2), "hex");
}
