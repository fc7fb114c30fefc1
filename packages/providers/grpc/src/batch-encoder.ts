import {
  type Envelope,
  type ItemEnvelope,
  type ReplyEnvelope,
  repetitionKey,
  type RequestEnvelope,
  createValuePacker,
} from "@troupe/core";
import { SentNames } from "./name-table.ts";
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
} from "./wire-format.ts";

const HEAD_REQUEST = 9 * HEAD_FACTOR + KIND_REQUEST;
const HEAD_REPLY_VALUE = 4 * HEAD_FACTOR + KIND_REPLY_VALUE;
const HEAD_REPLY_ERROR = 4 * HEAD_FACTOR + KIND_REPLY_ERROR;
const HEAD_REPLY_REFUSED = 3 * HEAD_FACTOR + KIND_REPLY_REFUSED;
const HEAD_CANCEL = 3 * HEAD_FACTOR + KIND_CANCEL;
const HEAD_ITEM_VALUE = 4 * HEAD_FACTOR + KIND_ITEM_VALUE;
const HEAD_ITEM_ERROR = 4 * HEAD_FACTOR + KIND_ITEM_ERROR;
const HEAD_ITEM_END = HEAD_FACTOR + KIND_ITEM_END;
const HEAD_CREDIT = 3 * HEAD_FACTOR + KIND_CREDIT;
const HEAD_PING = HEAD_FACTOR + KIND_PING;
const HEAD_PONG = HEAD_FACTOR + KIND_PONG;
const HEAD_RELEASED = 2 * HEAD_FACTOR + KIND_RELEASED;

/**
 * Envelopes of one direction of a link to bytes.
 *
 * A batch is one flat array, because the packer remembers every object it meets: without an array
 * for each envelope a small request is packed 1.5 times as fast.
 */
export class BatchEncoder {
  readonly #packer = createValuePacker();
  readonly #names = new SentNames();
  /** Reused, so that a batch allocates nothing but its bytes. */
  readonly #fields: unknown[] = [];
  #now = 0;
  #numbered = true;

  /** Starts a batch; `now` is the monotonic time from which its deadlines are told. */
  begin(now: number): void {
    this.#fields.length = 0;
    this.#now = now;
    this.#numbered = true;
  }

  add(envelope: Envelope): void {
    const fields = this.#fields;
    switch (envelope.kind) {
      case "request":
        this.#addRequest(envelope);
        return;
      case "reply":
        this.#addReply(envelope);
        return;
      case "cancel":
        fields.push(HEAD_CANCEL, envelope.callId, this.#name(envelope.type), envelope.id);
        return;
      case "item":
        this.#addItem(envelope);
        return;
      case "credit":
        fields.push(HEAD_CREDIT, envelope.callId, envelope.items, envelope.bytes);
        return;
      case "ping":
        fields.push(HEAD_PING, envelope.nonce);
        return;
      case "pong":
        fields.push(HEAD_PONG, envelope.nonce);
        return;
      case "released":
        fields.push(HEAD_RELEASED, envelope.revision, envelope.holding);
        return;
    }
  }

  finish(): Uint8Array {
    const bytes = this.#packer.pack(this.#fields);
    this.#fields.length = 0;
    return bytes;
  }

  /**
   * One envelope that travels in parts: it may be overtaken, so it neither uses nor defines numbers
   * of names.
   */
  encodeAlone(envelope: Envelope, now: number): Uint8Array {
    this.begin(now);
    this.#numbered = false;
    this.add(envelope);
    return this.finish();
  }

  #addRequest(request: RequestEnvelope): void {
    const { args, chain, headers, stream } = request;
    const key = repetitionKey(request);
    const fields = this.#fields;
    const head = fields.length;
    let flags = (args.revive ? FLAG_REVIVE : 0) | (request.oneWay ? FLAG_ONE_WAY : 0);
    if (request.ifActive !== undefined) flags |= FLAG_IF_ACTIVE;
    const type = this.#name(request.type);
    const timeLeft = Math.max(0, Math.ceil(request.deadline - this.#now));
    fields.push(HEAD_REQUEST, request.callId, type, request.id, this.#name(request.method));
    fields.push(args.value, args.size, timeLeft, request.revision, flags);
    const isPlain = chain.length === 0 && headers === undefined && key === undefined;
    if (isPlain && stream === undefined) return;
    const flagsAt = fields.length - 1;
    if (chain.length > 0) {
      flags |= FLAG_CHAIN;
      const flat: unknown[] = [];
      for (const entry of chain) flat.push(this.#name(entry.type), entry.id, entry.turn);
      fields.push(flat);
    }
    if (headers !== undefined) {
      flags |= FLAG_HEADERS;
      fields.push(Object.entries(headers).flat());
    }
    if (key !== undefined) {
      flags |= FLAG_IDEMPOTENCY_KEY;
      fields.push(key);
    }
    if (stream !== undefined) {
      flags |= FLAG_STREAM;
      fields.push(stream.items, stream.bytes);
    }
    fields[flagsAt] = flags;
    fields[head] = (fields.length - head - 1) * HEAD_FACTOR + KIND_REQUEST;
  }

  #addReply(reply: ReplyEnvelope): void {
    const { callId, outcome } = reply;
    if (outcome.kind === "refused") {
      const reason = outcome.reason === "not-owner" ? REASON_NOT_OWNER : REASON_NOT_READY;
      this.#fields.push(HEAD_REPLY_REFUSED, callId, reason, outcome.revision);
      return;
    }
    const { payload } = outcome;
    const head = outcome.kind === "value" ? HEAD_REPLY_VALUE : HEAD_REPLY_ERROR;
    this.#fields.push(head, callId, payload.value, payload.size, payload.revive ? FLAG_REVIVE : 0);
  }

  #addItem({ callId, item }: ItemEnvelope): void {
    if (item.kind === "end") {
      this.#fields.push(HEAD_ITEM_END, callId);
      return;
    }
    const { payload } = item;
    const head = item.kind === "value" ? HEAD_ITEM_VALUE : HEAD_ITEM_ERROR;
    this.#fields.push(head, callId, payload.value, payload.size, payload.revive ? FLAG_REVIVE : 0);
  }

  #name(name: string): number | string {
    return this.#numbered ? this.#names.write(name) : name;
  }
}
