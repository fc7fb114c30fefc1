import {
  fromPortable,
  type Link,
  type MakeReference,
  messageOf,
  type StreamItem,
  TroupeError,
} from "@troupe/core";
import { describeCall, type OutboundCall } from "./outbound-call.ts";
import type { LocalSilo, ReplySink } from "./router.ts";

/** Who reads a stream, as the items come. */
export interface StreamReader {
  item(value: unknown, bytes: number): void;
  /** Nothing comes any more; undefined if the method has returned. Called once. */
  ended(error: unknown): void;
}

/** What the table of open streams is given to work with. */
export interface StreamCallsParts {
  readonly sink: ReplySink;
  readonly local: LocalSilo | undefined;
  linkTo(siloId: string): Link | undefined;
  readonly makeReference: MakeReference;
}

/**
 * The streams that this process reads, by the numbers of the calls that opened them.
 *
 * ITEM-1. A reader is given the items in the order in which they were sent, each once, and then
 *         once how the stream ended.
 */
export class StreamCalls {
  readonly #parts: StreamCallsParts;
  readonly #streams = new Map<number, { readonly call: OutboundCall; reader: StreamReader }>();

  constructor(parts: StreamCallsParts) {
    this.#parts = parts;
  }

  /** Items may come from now on: before the call is sent. */
  add(call: OutboundCall, reader: StreamReader): void {
    this.#streams.set(call.request.callId, { call, reader });
  }

  /** Nobody reads it any more. */
  remove({ request }: OutboundCall): void {
    this.#streams.delete(request.callId);
  }

  item(callId: number, item: StreamItem): void {
    const stream = this.#streams.get(callId);
    // The reader has gone, and its cancel is under way.
    if (stream === undefined) return;
    const { call, reader } = stream;
    if (item.kind === "end") return this.#end(call, undefined);
    let value: unknown;
    try {
      const { payload } = item;
      value = payload.revive ? fromPortable(payload, this.#parts.makeReference) : payload.value;
    } catch (error) {
      this.cancel(call);
      const message = `an item of ${describeCall(call.request)} cannot be read here: ${messageOf(error)}`;
      const options = { ran: "yes", cause: error } as const;
      return reader.ended(new TroupeError("NOT_SERIALIZABLE", message, options));
    }
    if (item.kind === "value") reader.item(value, item.payload.size);
    else this.#end(call, value);
  }

  /** The reader has taken so much. False if that has to be said again. */
  credit({ request, target }: OutboundCall, items: number, bytes: number): boolean {
    const { callId } = request;
    if (target === undefined || !this.#streams.has(callId)) return true;
    const { local, sink } = this.#parts;
    if (target === local?.siloId) {
      local.credit({ kind: "credit", callId, items, bytes }, sink);
      return true;
    }
    return this.#parts.linkTo(target)?.send({ kind: "credit", callId, items, bytes }) !== "full";
  }

  /** Ends a stream that is open, in the name of its reader, who hears no more of it. */
  cancel(call: OutboundCall): void {
    const { callId, type, id } = call.request;
    if (!this.#streams.delete(callId) || call.target === undefined) return;
    const { local, sink } = this.#parts;
    if (call.target === local?.siloId) local.cancel(call.request, sink);
    else this.#parts.linkTo(call.target)?.send({ kind: "cancel", callId, type, id });
  }

  /** The link to the silo is gone, and with it its streams; calls that open one are not here. */
  lost(siloId: string, reason: string, isOpening: (call: OutboundCall) => boolean): void {
    for (const { call } of this.#streams.values()) {
      if (call.target !== siloId || isOpening(call)) continue;
      const message = `the silo ${siloId} that served the stream ${describeCall(call.request)} was lost (${reason})`;
      this.#end(call, new TroupeError("SILO_LOST", message, { ran: "yes" }));
    }
  }

  /** This process reads nothing any more. */
  close(): void {
    for (const { call } of this.#streams.values()) {
      const message = `this client or silo was closed while the stream ${describeCall(call.request)} was open`;
      this.#end(call, new TroupeError("CANCELLED", message, { ran: "yes" }));
    }
  }

  #end(call: OutboundCall, error: unknown): void {
    const reader = this.#streams.get(call.request.callId)?.reader;
    this.#streams.delete(call.request.callId);
    reader?.ended(error);
  }
}
