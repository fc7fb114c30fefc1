import { MESSAGE_MAX_BYTES } from "@troupe/core";

/** Envelopes in one batch: more were not faster in any measurement, and make each wait longer. */
export const BATCH_MAX_ENVELOPES = 100;

/** Bytes after which a batch is written without waiting for the end of the tick. */
export const BATCH_BYTES = 64 * 1024;

/**
 * A longer message travels in parts of this size. One part under way delays a small envelope by
 * about a millisecond.
 */
export const PART_BYTES = 256 * 1024;

/**
 * What is accepted as one frame: the largest envelope that needs no parts, packed three times as
 * long as it was counted.
 */
export const FRAME_MAX_BYTES = 4 * PART_BYTES;

/**
 * Bytes of a message in parts. Packed values can be three times as long as `toPortable` counts them
 * (short strings and keys count by characters); the rest is room for the envelope.
 */
export const PARTS_MAX_BYTES = 3 * MESSAGE_MAX_BYTES + 1024 * 1024;

/** Names that are numbered for each direction of a link. Later ones travel as strings. */
export const NAMES_MAX = 1_024;

/** Bytes of a turn's id in a call chain. */
export const TURN_MAX_BYTES = 256;

/** Bytes of an idempotency key. */
export const IDEMPOTENCY_KEY_MAX_BYTES = 2_048;

/** What a user may tune. */
export interface LinkLimits {
  /** Bytes that may wait to be written on one link before `send` answers "full". */
  readonly outboxBytes: number;
  /** Connections that a listener holds at a time. */
  readonly connectionsMax: number;
  /** Milliseconds until a connection must have said hello. */
  readonly helloTimeoutMs: number;
  /** Milliseconds until a dial gives up. */
  readonly dialTimeoutMs: number;
}

export const DEFAULT_LINK_LIMITS: LinkLimits = {
  outboxBytes: 16 * 1024 * 1024,
  connectionsMax: 4_096,
  helloTimeoutMs: 5_000,
  dialTimeoutMs: 2_000,
};
