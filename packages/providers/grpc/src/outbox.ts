import { type ChainEntry, type Envelope, formatAddress } from "@troupe/core";
import { BatchEncoder } from "./batch-encoder.ts";
import { BATCH_BYTES, BATCH_MAX_ENVELOPES, PART_BYTES } from "./link-limits.ts";

/** Bytes that an envelope is counted with besides its payload and strings. */
const ENVELOPE_BYTES = 48;

/** A piece of a message; `total` is the length of the whole, and 0 after the first piece. */
export interface OutgoingPart {
  readonly total: number;
  readonly data: Uint8Array;
}

interface InParts {
  readonly envelope: Envelope;
  readonly bytes: number;
  readonly key: string | undefined;
  /** The number of envelopes that were added to batches before this one, and leave before it. */
  readonly after: number;
}

/**
 * What waits to be written on one link, in bytes of frames.
 *
 * WOUT-1. It holds at most `maxBytes`, as it counts them, except that an empty outbox takes any one
 *         envelope.
 * WOUT-2. Envelopes leave in the order they were added, except that an envelope larger than a part
 *         leaves in parts, and those that need not follow it overtake it: requests and cancels for
 *         other actors, items of other streams, replies and probes.
 */
export class Outbox {
  readonly #maxBytes: number;
  readonly #encoder = new BatchEncoder();
  #queue: Envelope[] = [];
  /** Everything in the queue before it has left. */
  #head = 0;
  #queuedBytes = 0;
  #bytes = 0;
  #added = 0;
  #left = 0;
  readonly #inParts: InParts[] = [];
  readonly #keysInParts = new Map<string, number>();
  #message: Uint8Array | undefined;
  #messageSent = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#head === this.#queue.length && this.#inParts.length === 0;
  }

  /** True if waiting for more would not make the next batch any larger. */
  get hasFullBatch(): boolean {
    return (
      this.#queuedBytes >= BATCH_BYTES || this.#queue.length - this.#head >= BATCH_MAX_ENVELOPES
    );
  }

  /** False if there is no room for the envelope. */
  add(envelope: Envelope): boolean {
    const bytes = envelopeBytes(envelope);
    if (this.#bytes + bytes > this.#maxBytes && this.#bytes > 0) return false;
    this.#bytes += bytes;
    if (bytes > PART_BYTES || (this.#inParts.length > 0 && this.#mustFollow(envelope))) {
      this.#addInParts(envelope, bytes);
    } else {
      this.#queue.push(envelope);
      this.#queuedBytes += bytes;
      this.#added++;
    }
    return true;
  }

  /** The next batch, or undefined if none waits. */
  nextBatch(now: number): Uint8Array | undefined {
    const queue = this.#queue;
    const start = this.#head;
    if (start === queue.length) return undefined;
    const end = Math.min(queue.length, start + BATCH_MAX_ENVELOPES);
    let index = start;
    let bytes = 0;
    this.#encoder.begin(now);
    while (index < end) {
      const envelope = queue[index];
      if (envelope === undefined) break;
      const more = envelopeBytes(envelope);
      if (bytes > 0 && bytes + more > BATCH_BYTES) break;
      bytes += more;
      index++;
      this.#encoder.add(envelope);
    }
    this.#left += index - start;
    this.#bytes -= bytes;
    this.#queuedBytes -= bytes;
    this.#head = index;
    if (index === queue.length) this.#forgetQueue();
    else if (index >= 4_096) this.#compactQueue();
    return this.#encoder.finish();
  }

  /** The next part, or undefined if none may leave before the next batch. */
  nextPart(now: number): OutgoingPart | undefined {
    const first = this.#inParts[0];
    if (first === undefined || this.#left < first.after) return undefined;
    this.#message ??= this.#encoder.encodeAlone(first.envelope, now);
    const message = this.#message;
    const start = this.#messageSent;
    const end = Math.min(message.length, start + PART_BYTES);
    this.#messageSent = end;
    if (end === message.length) this.#forgetFirstInParts(first);
    return { total: start === 0 ? message.length : 0, data: message.subarray(start, end) };
  }

  clear(): void {
    this.#forgetQueue();
    this.#inParts.length = 0;
    this.#keysInParts.clear();
    this.#message = undefined;
    this.#bytes = 0;
    this.#queuedBytes = 0;
  }

  #mustFollow(envelope: Envelope): boolean {
    const key = orderKey(envelope);
    return key !== undefined && this.#keysInParts.has(key);
  }

  #addInParts(envelope: Envelope, bytes: number): void {
    const key = orderKey(envelope);
    this.#inParts.push({ envelope, bytes, key, after: this.#added });
    if (key !== undefined) this.#keysInParts.set(key, (this.#keysInParts.get(key) ?? 0) + 1);
  }

  #forgetFirstInParts(first: InParts): void {
    this.#inParts.shift();
    this.#message = undefined;
    this.#messageSent = 0;
    this.#bytes -= first.bytes;
    if (first.key === undefined) return;
    const others = (this.#keysInParts.get(first.key) ?? 1) - 1;
    if (others === 0) this.#keysInParts.delete(first.key);
    else this.#keysInParts.set(first.key, others);
  }

  #forgetQueue(): void {
    this.#queue.length = 0;
    this.#head = 0;
  }

  #compactQueue(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }
}

/** Envelopes with the same key must not overtake each other; those without one may. */
function orderKey(envelope: Envelope): string | undefined {
  switch (envelope.kind) {
    case "request":
    case "cancel":
      return formatAddress(envelope);
    case "item":
      return `${envelope.kind} ${envelope.callId}`;
    case "released":
      return envelope.kind;
    case "reply":
    case "credit":
    case "ping":
    case "pong":
      return undefined;
  }
}

function envelopeBytes(envelope: Envelope): number {
  switch (envelope.kind) {
    case "request": {
      let bytes = ENVELOPE_BYTES + envelope.args.size + envelope.id.length;
      if (envelope.chain.length > 0) bytes += chainBytes(envelope.chain);
      if (envelope.headers !== undefined) bytes += headersBytes(envelope.headers);
      if (envelope.delivery !== undefined) bytes += envelope.delivery.sender.length;
      return envelope.idempotencyKey === undefined ? bytes : bytes + envelope.idempotencyKey.length;
    }
    case "reply":
      return envelope.outcome.kind === "refused"
        ? ENVELOPE_BYTES
        : ENVELOPE_BYTES + envelope.outcome.payload.size;
    case "cancel":
      return ENVELOPE_BYTES + envelope.id.length;
    case "item":
      return envelope.item.kind === "end"
        ? ENVELOPE_BYTES
        : ENVELOPE_BYTES + envelope.item.payload.size;
    case "credit":
    case "ping":
    case "pong":
      return ENVELOPE_BYTES;
    case "released":
      return ENVELOPE_BYTES + lengthsOf(envelope.holding);
  }
}

function chainBytes(chain: readonly ChainEntry[]): number {
  let bytes = 0;
  for (const entry of chain) bytes += entry.id.length + entry.turn.length + 16;
  return bytes;
}

function lengthsOf(texts: readonly string[]): number {
  let length = 0;
  for (const text of texts) length += text.length;
  return length;
}

function headersBytes(headers: Readonly<Record<string, string>>): number {
  return lengthsOf(Object.keys(headers)) + lengthsOf(Object.values(headers));
}
