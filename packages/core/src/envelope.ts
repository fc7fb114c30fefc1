import type { ActorAddress } from "./actor-address.ts";
import type { Delivery } from "./delivery.ts";

/**
 * One actor of a call chain whose turn waits for the call: `turn` tells this turn from every other
 * of that actor.
 */
export interface ChainEntry extends ActorAddress {
  readonly turn: string;
}

/**
 * Values of arguments and results on their way: what `toPortable` made and `fromPortable` undoes.
 */
export interface Payload {
  readonly value: unknown;
  /** True if the value holds references or errors, which the receiver turns into live ones. */
  readonly revive: boolean;
  /** Bytes, as `toPortable` counted them. */
  readonly size: number;
}

/**
 * How much of a stream may be on its way to its reader. The silo stops the stream when this much
 * was sent and not taken.
 */
export interface StreamWindow {
  readonly items: number;
  /** As `toPortable` counts them. One item may go beyond it. */
  readonly bytes: number;
}

/** A call. `callId` is unique among the calls of one caller (a silo or a client). */
export interface RequestEnvelope {
  readonly kind: "request";
  readonly callId: number;
  readonly type: string;
  readonly id: string;
  readonly method: string;
  /** The payload's value is the array of arguments. */
  readonly args: Payload;
  /**
   * On the monotonic clock of the process that holds the envelope; a link carries the time left.
   */
  readonly deadline: number;
  /** Revision of the view in which the sender believed the receiver to be the owner. */
  readonly revision: number;
  /** From the outermost turn that waits for this call to the innermost. */
  readonly chain: readonly ChainEntry[];
  /** Nobody waits for a reply, and none is sent. */
  readonly oneWay: boolean;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Names the call, so that a repetition of it takes effect once. */
  readonly idempotencyKey: string | undefined;
  /** The request is a durable send. Only silos may say so. */
  readonly delivery: Delivery | undefined;
  /** True if the request must not wake its actor: `NOT_ACTIVE` answers it instead. */
  readonly ifActive?: true | undefined;
  /** The call opens a stream: its reply says that it is open, and items follow. */
  readonly stream: StreamWindow | undefined;
}

/** What became of a request. */
export type Outcome =
  | { readonly kind: "value"; readonly payload: Payload }
  /** What the method or the silo threw; the payload's value is a `PortableError`. */
  | { readonly kind: "error"; readonly payload: Payload }
  /**
   * The silo certainly did not run it, and another may: the caller should look at a view of at
   * least `revision` and retry.
   */
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly revision: number };

/**
 * `not-owner`: another silo owns the actor in the receiver's view. `not-ready`: the receiver does
 * not accept turns just now (it starts, its lease is in doubt, or the actor is still being moved to
 * it), or has refused an earlier call of the same caller, which has to come again first.
 */
export type RefusalReason = "not-owner" | "not-ready";

/** What a request is answered with: a result or an error, under the number of the request. */
export interface ReplyEnvelope {
  readonly kind: "reply";
  readonly callId: number;
  readonly outcome: Outcome;
}

/** One item of a stream, or how it ended. */
export type StreamItem =
  | { readonly kind: "value"; readonly payload: Payload }
  /** Nothing comes any more: the payload's value is a `PortableError` that says why. */
  | { readonly kind: "error"; readonly payload: Payload }
  /** Nothing comes any more: the method has returned. */
  | { readonly kind: "end" };

/** An item of the stream that the request with this number opened. */
export interface ItemEnvelope {
  readonly kind: "item";
  readonly callId: number;
  readonly item: StreamItem;
}

/** The reader of a stream has taken so many items, which had so many bytes. */
export interface CreditEnvelope extends StreamWindow {
  readonly kind: "credit";
  readonly callId: number;
}

/**
 * The caller gave up: drop the request from the mailbox, abort the signal of its turn, or end
 * its stream.
 */
export interface CancelEnvelope extends ActorAddress {
  readonly kind: "cancel";
  readonly callId: number;
}

/** A probe, and its answer with the same number. */
export interface PingEnvelope {
  readonly kind: "ping" | "pong";
  readonly nonce: number;
}

/**
 * The sender has this view and runs nothing any more that it does not own in it, but for the actors
 * it still holds (as `formatAddress` prints them). A later one takes the place of an earlier one.
 */
export interface ReleasedEnvelope {
  readonly kind: "released";
  readonly revision: number;
  readonly holding: readonly string[];
}

/** Everything that a link carries. */
export type Envelope =
  | RequestEnvelope
  | ReplyEnvelope
  | CancelEnvelope
  | ItemEnvelope
  | CreditEnvelope
  | PingEnvelope
  | ReleasedEnvelope;
