import {
  ACTOR_ID_MAX_BYTES,
  CALL_CHAIN_MAX,
  type ChainEntry,
  createValuePacker,
  type Envelope,
  HEADERS_MAX,
  HEADERS_MAX_BYTES,
  MESSAGE_MAX_BYTES,
  NAME_MAX_BYTES,
  type Outcome,
  parseDelivery,
  type Payload,
  STREAM_WINDOW_MAX,
  type StreamWindow,
} from "@troupe/core";
import { IDEMPOTENCY_KEY_MAX_BYTES, TURN_MAX_BYTES } from "./link-limits.ts";
import { ReceivedNames } from "./name-table.ts";
import { PackedScanner } from "./packed-scanner.ts";
import {
  FLAG_CHAIN,
  FLAG_HEADERS,
  FLAG_IDEMPOTENCY_KEY,
  FLAG_IF_ACTIVE,
  FLAG_ONE_WAY,
  FLAG_REVIVE,
  FLAG_STREAM,
  HEAD_FACTOR,
  KIND_CANCEL,
  KIND_CREDIT,
  KIND_ITEM_END,
  KIND_ITEM_ERROR,
  KIND_ITEM_VALUE,
  KIND_PING,
  KIND_PONG,
  KIND_RELEASED,
  KIND_REPLY_ERROR,
  KIND_REPLY_REFUSED,
  KIND_REPLY_VALUE,
  KIND_REQUEST,
  REASON_NOT_OWNER,
  REASON_NOT_READY,
  WireError,
} from "./wire-format.ts";

/** Of an actor as `formatAddress` prints it. */
const ADDRESS_MAX_BYTES = NAME_MAX_BYTES + 1 + ACTOR_ID_MAX_BYTES;

const NO_CHAIN: readonly ChainEntry[] = [];

/**
 * Bytes of one direction of a link to envelopes.
 *
 * DEC-1. Whatever the bytes are, `open` and `next` throw nothing but a `WireError`.
 * DEC-2. An envelope that `next` gives has every field in the range that `link.proto` states.
 */
export class BatchDecoder {
  readonly #packer = createValuePacker();
  readonly #scanner = new PackedScanner();
  readonly #names = new ReceivedNames();
  #fields: readonly unknown[] = [];
  #position = 0;
  /** Where the fields of the envelope that is being read end. */
  #end = 0;
  #now = 0;
  #numbered = true;

  /** Takes up a batch; `now` is the monotonic time at which its deadlines are told. */
  open(bytes: Uint8Array, now: number): void {
    this.#scanner.scan(bytes);
    const fields = this.#unpack(bytes);
    if (!Array.isArray(fields)) throw new WireError("a batch that is not an array");
    this.#fields = fields;
    this.#position = 0;
    this.#now = now;
    this.#numbered = true;
  }

  /** Takes up a message that came in parts: its names are not numbered. */
  openAlone(bytes: Uint8Array, now: number): void {
    this.open(bytes, now);
    this.#numbered = false;
  }

  /**
   * The next envelope of the batch, or undefined if there is none. Envelopes of unknown kinds are
   * passed over.
   */
  next(): Envelope | undefined {
    while (this.#position < this.#fields.length) {
      const head = this.#fields[this.#position++];
      if (!isInteger(head)) throw new WireError("a head that is not an integer");
      this.#end = this.#position + Math.floor(head / HEAD_FACTOR);
      if (this.#end > this.#fields.length) throw new WireError("an envelope longer than its batch");
      const envelope = this.#envelope(head % HEAD_FACTOR);
      this.#position = this.#end;
      if (envelope !== undefined) return envelope;
    }
    this.#fields = [];
    this.#position = 0;
    return undefined;
  }

  #envelope(kind: number): Envelope | undefined {
    switch (kind) {
      case KIND_REQUEST:
        return this.#request();
      case KIND_REPLY_VALUE:
        return { kind: "reply", callId: this.#integer(), outcome: this.#outcome("value") };
      case KIND_REPLY_ERROR:
        return { kind: "reply", callId: this.#integer(), outcome: this.#outcome("error") };
      case KIND_REPLY_REFUSED:
        return { kind: "reply", callId: this.#integer(), outcome: this.#refusal() };
      case KIND_CANCEL:
        return {
          kind: "cancel",
          callId: this.#integer(),
          type: this.#name(this.#take()),
          id: this.#actorId(this.#take()),
        };
      case KIND_ITEM_VALUE:
        return { kind: "item", callId: this.#integer(), item: this.#outcome("value") };
      case KIND_ITEM_ERROR:
        return { kind: "item", callId: this.#integer(), item: this.#outcome("error") };
      case KIND_ITEM_END:
        return { kind: "item", callId: this.#integer(), item: { kind: "end" } };
      case KIND_CREDIT:
        return {
          kind: "credit",
          callId: this.#integer(),
          items: this.#integer(),
          bytes: this.#integer(),
        };
      case KIND_PING:
        return { kind: "ping", nonce: this.#integer() };
      case KIND_PONG:
        return { kind: "pong", nonce: this.#integer() };
      case KIND_RELEASED:
        return { kind: "released", revision: this.#integer(), holding: this.#holding() };
    }
    return undefined;
  }

  #request(): Envelope {
    const callId = this.#integer();
    const type = this.#name(this.#take());
    const id = this.#actorId(this.#take());
    const method = this.#name(this.#take());
    const value = this.#take();
    if (!Array.isArray(value)) throw new WireError("arguments that are not an array");
    const size = this.#size();
    const timeLeft = this.#take();
    if (typeof timeLeft !== "number" || !(timeLeft >= 0))
      throw new WireError("a deadline that is no time left");
    const revision = this.#integer();
    const flags = this.#integer();
    const chain = (flags & FLAG_CHAIN) === 0 ? NO_CHAIN : this.#chain();
    const headers = (flags & FLAG_HEADERS) === 0 ? undefined : this.#headers();
    const key =
      (flags & FLAG_IDEMPOTENCY_KEY) === 0
        ? undefined
        : this.#string(this.#take(), IDEMPOTENCY_KEY_MAX_BYTES);
    const delivery = key === undefined ? undefined : parseDelivery(key);
    const stream = (flags & FLAG_STREAM) === 0 ? undefined : this.#window();
    return {
      kind: "request",
      callId,
      type,
      id,
      method,
      args: { value, revive: (flags & FLAG_REVIVE) !== 0, size },
      deadline: this.#now + timeLeft,
      revision,
      chain,
      oneWay: (flags & FLAG_ONE_WAY) !== 0,
      headers,
      idempotencyKey: delivery === undefined ? key : undefined,
      delivery,
      ifActive: (flags & FLAG_IF_ACTIVE) === 0 ? undefined : true,
      stream,
    };
  }

  #window(): StreamWindow {
    const items = this.#integer();
    const bytes = this.#integer();
    const { items: itemsMax, bytes: bytesMax } = STREAM_WINDOW_MAX;
    if (items === 0 || items > itemsMax || bytes > bytesMax)
      throw new WireError("a window of a stream that is out of its range");
    return { items, bytes };
  }

  #outcome(kind: "value" | "error"): Extract<Outcome, { readonly payload: Payload }> {
    const value = this.#take();
    const size = this.#size();
    const payload: Payload = { value, revive: (this.#integer() & FLAG_REVIVE) !== 0, size };
    return { kind, payload };
  }

  #refusal(): Outcome {
    const reason = this.#take();
    if (reason !== REASON_NOT_OWNER && reason !== REASON_NOT_READY)
      throw new WireError("an unknown reason of a refusal");
    return {
      kind: "refused",
      reason: reason === REASON_NOT_OWNER ? "not-owner" : "not-ready",
      revision: this.#integer(),
    };
  }

  #holding(): readonly string[] {
    const holding = this.#take();
    if (!Array.isArray(holding)) throw new WireError("held actors that are not an array");
    return holding.map((address) => this.#string(address, ADDRESS_MAX_BYTES));
  }

  #chain(): readonly ChainEntry[] {
    const flat = this.#take();
    if (!Array.isArray(flat) || flat.length % 3 !== 0 || flat.length > 3 * CALL_CHAIN_MAX) {
      throw new WireError("a call chain of another form or length");
    }
    const chain: ChainEntry[] = [];
    for (let index = 0; index < flat.length; index += 3) {
      const type = this.#name(flat[index]);
      chain.push({
        type,
        id: this.#actorId(flat[index + 1]),
        turn: this.#string(flat[index + 2], TURN_MAX_BYTES),
      });
    }
    return chain;
  }

  #headers(): Readonly<Record<string, string>> {
    const flat = this.#take();
    if (!Array.isArray(flat) || flat.length % 2 !== 0 || flat.length > 2 * HEADERS_MAX) {
      throw new WireError("headers of another form or number");
    }
    const pairs: [string, string][] = [];
    let bytes = 0;
    for (let index = 0; index < flat.length; index += 2) {
      const key = this.#string(flat[index], HEADERS_MAX_BYTES);
      const value = this.#string(flat[index + 1], HEADERS_MAX_BYTES);
      bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
      pairs.push([key, value]);
    }
    if (bytes > HEADERS_MAX_BYTES)
      throw new WireError(`headers of more than ${HEADERS_MAX_BYTES} bytes`);
    // Defines every key, also `__proto__`, as a property of its own.
    return Object.fromEntries(pairs);
  }

  #name(field: unknown): string {
    if (typeof field === "number" && this.#numbered) {
      const name = this.#names.read(field);
      if (name === undefined) throw new WireError("a number that no name has");
      return name;
    }
    const name = this.#string(field, NAME_MAX_BYTES);
    if (name.length === 0) throw new WireError("an empty name");
    if (this.#numbered) this.#names.learn(name);
    return name;
  }

  #actorId(field: unknown): string {
    const id = this.#string(field, ACTOR_ID_MAX_BYTES);
    if (id.length === 0) throw new WireError("an empty actor id");
    return id;
  }

  #size(): number {
    const size = this.#integer();
    if (size > MESSAGE_MAX_BYTES)
      throw new WireError(`a payload of more than ${MESSAGE_MAX_BYTES} bytes`);
    return size;
  }

  #string(field: unknown, maxBytes: number): string {
    if (typeof field !== "string") throw new WireError("a field that is not a string");
    // A UTF-16 unit takes at most three bytes, so most strings need no exact count.
    if (field.length * 3 > maxBytes && Buffer.byteLength(field) > maxBytes) {
      throw new WireError(`a string of more than ${maxBytes} bytes`);
    }
    return field;
  }

  #integer(): number {
    const field = this.#take();
    if (!isInteger(field)) throw new WireError("a field that is not an integer from 0 to 2^53 - 1");
    return field;
  }

  #take(): unknown {
    if (this.#position >= this.#end) throw new WireError("an envelope with too few fields");
    return this.#fields[this.#position++];
  }

  #unpack(bytes: Uint8Array): unknown {
    try {
      return this.#packer.unpack(bytes);
    } catch {
      // The packer's own message quotes the bytes, so it is neither kept as the cause nor shown.
      throw new WireError("bytes that are not a packed value");
    }
  }
}

function isInteger(field: unknown): field is number {
  return typeof field === "number" && field >= 0 && Number.isSafeInteger(field);
}
