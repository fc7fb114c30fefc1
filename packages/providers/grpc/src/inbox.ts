import type { Envelope } from "@troupe/core";
import { BatchDecoder } from "./batch-decoder.ts";
import { WireError } from "./wire-format.ts";

/**
 * The frames of one direction of a link back to envelopes, in the order in which they became whole.
 *
 * INB-1. It holds one message in parts at most, and no more bytes of it than it announced.
 * INB-2. It throws nothing but a `WireError`, and is of no use after that.
 */
export class Inbox {
  readonly #decoder = new BatchDecoder();
  #message: Uint8Array | undefined;
  #filled = 0;

  /** Takes a batch; its envelopes come out of `next`. */
  batch(bytes: Uint8Array, now: number): void {
    this.#decoder.open(bytes, now);
  }

  /** Takes a part. If it was the last of its message, the envelopes come out of `next`. */
  part(total: number, bytes: Uint8Array, now: number): void {
    if (this.#message === undefined) {
      if (total === 0) throw new WireError("a message in parts without its length");
      // Memory is only reserved here; it becomes real as parts arrive.
      this.#message = new Uint8Array(total);
      this.#filled = 0;
    } else if (total !== 0) {
      throw new WireError("a message in parts inside of another");
    }
    const message = this.#message;
    if (bytes.length === 0 || this.#filled + bytes.length > message.length) {
      throw new WireError("parts that are not as long as their message");
    }
    message.set(bytes, this.#filled);
    this.#filled += bytes.length;
    if (this.#filled < message.length) return;
    this.#message = undefined;
    this.#decoder.openAlone(message, now);
  }

  /** The next whole envelope, or undefined until more frames come. */
  next(): Envelope | undefined {
    return this.#decoder.next();
  }
}
