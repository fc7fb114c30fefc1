/**
 * Reads what `cmsgpack.pack` of Redis wrote of Lua's arrays, whole numbers and strings. A string is
 * read as bytes, which share the reply's memory.
 */
export class ReplyReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * The number of items of an array, which are read next. To Lua, an empty array and an empty map
   * are the same.
   */
  array(): number {
    const kind = this.#unsigned(1);
    if ((kind & 0xf0) === 0x90) return kind & 0x0f;
    if (kind === 0xdc) return this.#unsigned(2);
    if (kind === 0xdd) return this.#unsigned(4);
    if (kind === 0x80) return 0;
    throw this.#unexpected(kind, "an array");
  }

  number(): number {
    const kind = this.#unsigned(1);
    if (kind <= 0x7f) return kind;
    if (kind === 0xcc) return this.#unsigned(1);
    if (kind === 0xcd) return this.#unsigned(2);
    if (kind === 0xce) return this.#unsigned(4);
    if (kind === 0xcf) return this.#unsigned(4) * 2 ** 32 + this.#unsigned(4);
    throw this.#unexpected(kind, "a number");
  }

  bytes(): Buffer {
    const length = this.#lengthOfBytes();
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  text(): string {
    const length = this.#lengthOfBytes();
    this.#position += length;
    return this.#bytes.toString("utf8", this.#position - length, this.#position);
  }

  #lengthOfBytes(): number {
    const kind = this.#unsigned(1);
    if ((kind & 0xe0) === 0xa0) return kind & 0x1f;
    if (kind === 0xd9) return this.#unsigned(1);
    if (kind === 0xda) return this.#unsigned(2);
    if (kind === 0xdb) return this.#unsigned(4);
    throw this.#unexpected(kind, "a string");
  }

  #unsigned(width: number): number {
    let value = 0;
    for (const end = this.#position + width; this.#position < end; this.#position++) {
      value = value * 256 + (this.#bytes[this.#position] ?? 0);
    }
    return value;
  }

  #unexpected(kind: number, wanted: string): Error {
    return new Error(
      `the reply of a script has the kind ${kind} at ${this.#position - 1} instead of ${wanted}`,
    );
  }
}
