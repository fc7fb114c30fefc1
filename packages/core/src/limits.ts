import type { StreamWindow } from "./envelope.ts";

/**
 * The limits that hold in every process of a cluster. Each is checked where the value enters, and
 * reaching it is a clear error. What a user may tune is an option of the silo or the client
 * instead.
 */

/** Bytes of UTF-8 in an actor id: long enough for a URL, short enough for a key of every store. */
export const ACTOR_ID_MAX_BYTES = 1_024;

/** Bytes of UTF-8 in the name of an actor type, method, state slot, reminder or timer. */
export const NAME_MAX_BYTES = 256;

/**
 * Bytes of the arguments or the result of one call, as `core` counts them (see
 * `portable-value.ts`).
 */
export const MESSAGE_MAX_BYTES = 4 * 1024 * 1024;

/** Levels of nesting in one value: deeper ones would overflow the stack of whoever walks them. */
export const VALUE_MAX_DEPTH = 500;

/** Actors in one call chain. A longer one is a recursion that nobody meant. */
export const CALL_CHAIN_MAX = 100;

/** Headers of one call, and the bytes of all of them together. */
export const HEADERS_MAX = 64;
/** How many bytes the headers of one call may have, names and values together. */
export const HEADERS_MAX_BYTES = 16 * 1024;

/** Items, and bytes of them, of one stream that may be on their way, if its reader does not say. */
export const STREAM_WINDOW: StreamWindow = { items: 64, bytes: 1024 * 1024 };
/** The largest window that a reader may ask for. */
export const STREAM_WINDOW_MAX: StreamWindow = { items: 4_096, bytes: 16 * 1024 * 1024 };

/** Streams of one actor that are open. */
export const STREAMS_PER_ACTOR_MAX = 1_000;
/** Streams of one link that are open: those of one client, or of one silo at another. */
export const STREAMS_PER_LINK_MAX = 10_000;

/** Milliseconds of the smallest period of a reminder or timer. */
export const PERIOD_MIN_MS = 100;

/** Reminders or timers of one actor. */
export const SCHEDULES_PER_ACTOR_MAX = 1_000;

/**
 * Reminders are spread over this many buckets. It is part of the stored format: changing it loses
 * reminders.
 */
export const REMINDER_BUCKETS = 1_024;

/**
 * The bucket of entries that make nothing happen and only let operators find what they stand for.
 */
export const LISTED_BUCKET = REMINDER_BUCKETS;

/** The first of as many buckets again, of entries that make each new owner of an actor wake it. */
export const AWAKE_BUCKETS_FROM = 2 * REMINDER_BUCKETS;
