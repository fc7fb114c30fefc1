import type { ActorAddress, Duration, Principal } from "@troupe/core";

/** What a turn knows of the call that it serves. */
export interface CallContext {
  /** Tells this call from every other in the cluster; for logs and traces. */
  readonly callId: string;
  /** The actor whose turn made the call, or undefined if it came from outside any turn. */
  readonly caller: ActorAddress | undefined;
  /**
   * The process that made the call, as it has proven to be: a client or an operator outside of the
   * cluster, or the silo whose actor (`caller`) or program made the call.
   */
  readonly principal: Principal;
  /**
   * Milliseconds since the Unix epoch after which the caller no longer waits. Calls made from this
   * turn inherit it. A stream has none: `Infinity`.
   */
  readonly deadline: number;
  /**
   * Rises each time the actor is activated anew. Send it along with side effects outside of Troupe
   * and let the other side refuse a lower one than it has seen: then a silo that was thought dead
   * cannot undo what its successor did. 0 for an actor without durable state.
   */
  readonly fence: number;
  /**
   * What came with the call. `traceparent`, `tracestate` and `baggage` go on by themselves, with
   * every call, stream and durable send that this turn makes; the others only if they are passed
   * on. Empty in the turn of a reminder or timer, with which a chain begins.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the caller gives up or the deadline passes; for a stream, when it has ended. */
  readonly signal: AbortSignal;
}

/** Options of the calls that are made through one reference. */
export interface CallOptions {
  /**
   * How long to wait for each reply. Default: the called type's `callTimeout`; never longer than
   * the running turn's own deadline.
   */
  readonly timeout?: Duration;
  /** Cancels the calls when it is aborted. */
  readonly signal?: AbortSignal;
  /**
   * At most 64, of at most 16 KiB together. A `traceparent`, `tracestate` or `baggage` takes the
   * place of the running turn's. One that is not well-formed, or is longer than 512 characters
   * (8,192 bytes of baggage), is left out.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Names the call, so that a repetition of it takes effect once. Not for streams. */
  readonly idempotencyKey?: string;
  /**
   * True: the calls do not wake the actor. They fail with `NOT_ACTIVE`, and `ran: "no"`, where they
   * would have to. An actor that moves to another silo, or has been idle for long, is not active
   * until another call wakes it. Default: false.
   */
  readonly ifActive?: boolean;
  /**
   * The methods are streams. Only to be said where nothing tells so: for a type that is given by
   * its name, and that this process does not host.
   */
  readonly stream?: boolean;
  /**
   * Of a stream: how long to wait for the next item; then it ends with `TIMEOUT`. Default: for
   * ever. `timeout` is how long to wait until the stream is open.
   */
  readonly idleTimeout?: Duration;
  /**
   * Of a stream: what may be on its way before the reader takes it. `items`: 1 to 4,096, default
   * 64; `bytes`: up to 16 MiB, default 1 MiB. A reader that takes nothing stops the stream there.
   */
  readonly window?: { readonly items?: number; readonly bytes?: number };
  /**
   * Of a stream: opens it again when its silo was lost or the actor moved, and goes on. It is given
   * the last item that was read, or undefined, and returns the arguments of the next call.
   */
  readonly resume?: (last: never) => readonly unknown[];
}
