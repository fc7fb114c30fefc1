import { type ActorAddress, type Clock, formatAddress, TroupeError } from "@troupe/core";
import type { ImportRequest } from "@troupe/sdk";

/** Bytes of the fields of one actor. */
const ACTOR_BYTES_MAX = 256 * 1024 * 1024;

/** Actors whose slices are awaited, on one silo. */
const AWAITED_MAX = 8;

/** A caller that sends no slice for so long has given up. */
const AWAIT_MS = 60_000;

interface Awaited {
  readonly slices: Uint8Array[];
  length: number;
  touchedAt: number;
}

/** Puts the contents of large actors together, which come in several requests. */
export class ImportSlices {
  readonly #clock: Clock;
  /** By the caller and the actor. */
  readonly #awaited = new Map<string, Awaited>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * All the bytes, if this slice is the last of them; undefined while more are awaited. Throws
   * `BAD_CONFIG` for a slice that does not follow the one before.
   */
  take(
    peerId: string,
    address: ActorAddress,
    { size, offset, fields }: ImportRequest,
  ): Uint8Array | undefined {
    if (size > ACTOR_BYTES_MAX) {
      const message = `${formatAddress(address)} has ${size} bytes; at most ${ACTOR_BYTES_MAX} can be imported`;
      throw new TroupeError("PAYLOAD_TOO_LARGE", message);
    }
    if (offset === 0 && fields.length === size) return fields;
    const key = `${peerId} ${formatAddress(address)}`;
    const known = offset === 0 ? this.#begin(key) : this.#awaited.get(key);
    if (known === undefined || known.length !== offset || offset + fields.length > size) {
      const message = `a slice of ${formatAddress(address)} at ${offset} does not follow the one before; begin again at 0`;
      // They may have gone to the owner before this one.
      throw new TroupeError("BAD_CONFIG", message, { retryable: true });
    }
    known.slices.push(Uint8Array.from(fields));
    known.length += fields.length;
    known.touchedAt = this.#clock.monotonic();
    if (known.length < size) return undefined;
    this.#awaited.delete(key);
    return Buffer.concat(known.slices);
  }

  #begin(key: string): Awaited {
    const now = this.#clock.monotonic();
    for (const [other, { touchedAt }] of this.#awaited) {
      if (other === key || now - touchedAt > AWAIT_MS) this.#awaited.delete(other);
    }
    if (this.#awaited.size >= AWAITED_MAX) {
      const message = `slices of ${AWAITED_MAX} actors are awaited already; import fewer large actors at once`;
      throw new TroupeError("OVERLOADED", message);
    }
    const awaited: Awaited = { slices: [], length: 0, touchedAt: now };
    this.#awaited.set(key, awaited);
    return awaited;
  }
}
