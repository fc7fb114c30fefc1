import { MESSAGE_MAX_BYTES, VALUE_MAX_DEPTH } from "@troupe/core";
import { WireError } from "./wire-format.ts";

/**
 * One level of an actor's value takes four at most when packed: a marked error. The rest is the
 * batch's own.
 */
export const PACKED_MAX_DEPTH = 4 * VALUE_MAX_DEPTH + 8;

/**
 * What an actor's value counts nine bytes for takes two containers at most when packed (a set is an
 * extension and an array). The rest is for chains and headers.
 */
export const PACKED_MAX_CONTAINERS = Math.ceil((2 * MESSAGE_MAX_BYTES) / 9) + 1_000;

/** The whole is held by a level of its own. */
const LEVELS = PACKED_MAX_DEPTH + 1;

/**
 * Extensions whose value is the one that follows: reference, map, error, loop, -0, half a
 * character, pattern, bare object, array with holes, and the packer's own set and regular
 * expression.
 */
const TAKES_NEXT = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 0x73, 0x78]);
/** Extensions that hold their own bytes: undefined, big integer, typed array, timestamp. */
const HOLDS_BYTES = new Set([0, 0x42, 0x74, 0xff]);
const EXTENSION_MARK = 0x69;
const EXTENSION_MARKED = 0x70;

const PROTO = [...Buffer.from("__proto__")];
/** The first byte of a string of its length. */
const PROTO_TOKEN = 0xa0 + PROTO.length;

/** By first byte, how many bytes a value has that is always as long, and 0 for the others. */
const LENGTHS = Uint8Array.from({ length: 256 }, (_, token) => {
  if (token < 0x80 || token >= 0xe0 || token === 0xc0 || token === 0xc2 || token === 0xc3) return 1;
  if (token >= 0xa0 && token < 0xc0) return 1 + (token & 0x1f);
  if (token === 0xca || token === 0xcb) return token === 0xca ? 5 : 9;
  return token >= 0xcc && token <= 0xd3 ? 1 + (1 << ((token - 0xcc) & 3)) : 0;
});

/**
 * Looks over packed bytes before anything is made of them.
 *
 * What passes is one whole value, whose containers are as long as they say, nest at most
 * `PACKED_MAX_DEPTH` deep and are at most `PACKED_MAX_CONTAINERS`, with string keys that are not
 * `__proto__`, and with no extensions but those of the protocol. So unpacking it neither overflows
 * the stack nor makes more than some 100 MB of empty objects out of one message. Looking costs 50
 * ns for a small request, a fifth of its unpacking.
 */
export class PackedScanner {
  readonly #remaining = new Uint32Array(LEVELS);
  readonly #inMap = new Uint8Array(LEVELS);
  #bytes: Uint8Array = new Uint8Array();
  #position = 0;
  #depth = 0;
  #containers = 0;

  /** Throws a `WireError` unless the bytes may be unpacked. */
  scan(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#position = 0;
    this.#depth = 0;
    this.#containers = 0;
    this.#open(1, false);
    while (this.#depth > 0) this.#scanLevel();
    if (this.#position !== bytes.length)
      throw new WireError("values longer than their bytes, or bytes after their end");
  }

  /** Reads on in the innermost container, until another one begins in it or it ends. */
  #scanLevel(): void {
    const bytes = this.#bytes;
    const level = this.#depth - 1;
    const inMap = this.#inMap[level] === 1;
    let left = this.#remaining[level] ?? 0;
    let position = this.#position;
    for (; left > 0; left--) {
      const token = bytes[position];
      if (token === undefined) throw new WireError("a container longer than its bytes");
      // A map of n entries holds 2 n values, so a key is met whenever an even number of them is
      // left.
      const isKey = inMap && left % 2 === 0;
      const length = LENGTHS[token] ?? 0;
      if (length > 0 && (!isKey || (token >= 0xa0 && token < 0xc0 && token !== PROTO_TOKEN))) {
        position += length;
        continue;
      }
      this.#position = position + 1;
      this.#remaining[level] = left - 1;
      if (isKey) this.#key(token);
      else this.#value(token);
      if (this.#depth > level + 1) return;
      position = this.#position;
    }
    this.#position = position;
    this.#depth = level;
  }

  #value(token: number): void {
    if (token >= 0x80 && token < 0x90) this.#open((token & 0x0f) * 2, true);
    else if (token >= 0x90 && token < 0xa0) this.#open(token & 0x0f, false);
    else this.#longValue(token);
  }

  #longValue(token: number): void {
    if (token >= 0xc4 && token <= 0xc6) this.#skip(this.#unsigned(1 << (token - 0xc4)));
    else if (token >= 0xc7 && token <= 0xc9)
      this.#extension(this.#unsigned(1 << (token - 0xc7)), false);
    else if (token >= 0xd4 && token <= 0xd8) this.#extension(1 << (token - 0xd4), true);
    else if (token >= 0xd9 && token <= 0xdb) this.#skip(this.#unsigned(1 << (token - 0xd9)));
    else if (token === 0xdc || token === 0xdd)
      this.#open(this.#unsigned(token === 0xdc ? 2 : 4), false);
    else if (token === 0xde || token === 0xdf)
      this.#open(this.#unsigned(token === 0xde ? 2 : 4) * 2, true);
    else throw new WireError("a byte that starts no value");
  }

  #extension(length: number, fixed: boolean): void {
    const type = this.#unsigned(1);
    this.#skip(length);
    if (HOLDS_BYTES.has(type)) return;
    if (fixed && length === 4 && type === EXTENSION_MARKED) return;
    const takesNext =
      fixed && (length === 1 ? TAKES_NEXT.has(type) : length === 4 && type === EXTENSION_MARK);
    if (!takesNext) throw new WireError("an extension that is not of the protocol");
    this.#open(1, false);
  }

  #key(token: number): void {
    let length: number;
    if (token >= 0xa0 && token < 0xc0) length = token & 0x1f;
    else if (token >= 0xd9 && token <= 0xdb) length = this.#unsigned(1 << (token - 0xd9));
    else throw new WireError("a key that is not a string");
    const start = this.#position;
    this.#skip(length);
    if (
      length === PROTO.length &&
      PROTO.every((byte, index) => this.#bytes[start + index] === byte)
    ) {
      throw new WireError("a key __proto__");
    }
  }

  #open(count: number, isMap: boolean): void {
    // Every value takes a byte at least, so a container cannot have more of them than there are
    // bytes.
    if (count > this.#bytes.length - this.#position)
      throw new WireError("a container longer than its bytes");
    if (this.#depth === LEVELS)
      throw new WireError(`values nested deeper than ${PACKED_MAX_DEPTH} levels`);
    if (++this.#containers > PACKED_MAX_CONTAINERS)
      throw new WireError(`more than ${PACKED_MAX_CONTAINERS} containers`);
    this.#remaining[this.#depth] = count;
    this.#inMap[this.#depth] = isMap ? 1 : 0;
    this.#depth++;
  }

  #skip(length: number): void {
    this.#position += length;
    if (this.#position > this.#bytes.length) throw new WireError("a value longer than its bytes");
  }

  #unsigned(length: number): number {
    const start = this.#position;
    this.#skip(length);
    let value = 0;
    for (let index = start; index < this.#position; index++)
      value = value * 256 + (this.#bytes[index] ?? 0);
    return value;
  }
}
