/**
 * The numbers of `proto/troupe/link.proto` that stand in batches. They are part of the wire: never
 * change one, and never use one again.
 */

export const KIND_REQUEST = 1;
export const KIND_REPLY_VALUE = 2;
export const KIND_REPLY_ERROR = 3;
export const KIND_REPLY_REFUSED = 4;
export const KIND_CANCEL = 5;
export const KIND_PING = 6;
export const KIND_PONG = 7;
export const KIND_RELEASED = 8;
export const KIND_ITEM_VALUE = 9;
export const KIND_ITEM_ERROR = 10;
export const KIND_ITEM_END = 11;
export const KIND_CREDIT = 12;

/** The head of an envelope is the number of its fields times this, plus its kind. */
export const HEAD_FACTOR = 16;

export const FLAG_REVIVE = 1;
export const FLAG_ONE_WAY = 2;
export const FLAG_CHAIN = 4;
export const FLAG_HEADERS = 8;
export const FLAG_IDEMPOTENCY_KEY = 16;
export const FLAG_IF_ACTIVE = 32;
export const FLAG_STREAM = 64;

export const REASON_NOT_OWNER = 0;
export const REASON_NOT_READY = 1;

/**
 * The peer sent what the protocol does not allow. The link ends; the message never quotes the
 * peer's bytes.
 */
export class WireError extends Error {
  static {
    this.prototype.name = "WireError";
  }
}
