const FIRST_CAPACITY = 64 * 1024;

/** A buffer that one large request has made longer than this is given back. */
const CAPACITY_KEPT = 1024 * 1024;

// MessagePack's first bytes of what is followed by four bytes of length or value.
const NUMBER = 0xce;
const TEXT = 0xdb;
const ARRAY = 0xdd;
const HEAD_BYTES = 5;

/** A character of UTF-16 takes at most so many bytes of UTF-8. */
const BYTES_PER_CHARACTER = 3;

/**
 * Writes the items of one MessagePack array, as `cmsgpack.unpack` of Redis reads it: to Lua, bytes
 * and text are the same. One buffer serves all arrays, one after the other.
 */
export class RequestPacker {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = HEAD_BYTES;

  /** Bytes of the array so far. */
  get length(): number {
    return this.#length;
  }

  /** What is written next are the `count` items of an inner array. */
  array(count: number): void {
    this.#reserve(HEAD_BYTES);
    this.#head(ARRAY, count);
  }

  number(value: number): void {
    this.#reserve(HEAD_BYTES);
    this.#head(NUMBER, value);
  }

  text(text: string): void {
    this.#reserve(HEAD_BYTES + text.length * BYTES_PER_CHARACTER);
    const written = this.#buffer.write(text, this.#length + HEAD_BYTES);
    this.#head(TEXT, written);
    this.#length += written;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(HEAD_BYTES + bytes.length);
    this.#head(TEXT, bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Forgets what was written since `length` was this. */
  rewind(length: number): void {
    this.#length = length;
  }

  /**
   * The array of the `count` items that were written, in memory of its own. The next item starts
   * another array.
   */
  take(count: number): Buffer {
    const length = this.#length;
    this.#length = 0;
    this.#head(ARRAY, count);
    const taken = Buffer.from(this.#buffer.subarray(0, length));
    if (this.#buffer.length > CAPACITY_KEPT) this.#buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
    return taken;
  }

  #head(kind: number, length: number): void {
    this.#buffer[this.#length] = kind;
    this.#buffer.writeUInt32BE(length, this.#length + 1);
    this.#length += HEAD_BYTES;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
