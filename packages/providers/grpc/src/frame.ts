import {
  type Hello,
  NAME_MAX_BYTES,
  NONCE_BYTES,
  PROOF_BYTES,
  type Refusal,
  type Role,
} from "@troupe/core";
import { PARTS_MAX_BYTES } from "./link-limits.ts";
import { parseFrame, serializeFrame } from "./link-service.ts";
import { WireError } from "./wire-format.ts";

/**
 * One message of the stream. `unknown` is one that a later minor version may send; it is passed
 * over.
 */
export type Frame =
  | { readonly kind: "hello"; readonly hello: Hello; readonly nonce: Uint8Array | undefined }
  | { readonly kind: "proof"; readonly proof: Uint8Array }
  | { readonly kind: "refusal"; readonly refusal: Refusal }
  | { readonly kind: "batch"; readonly bytes: Uint8Array }
  | { readonly kind: "part"; readonly total: number; readonly bytes: Uint8Array }
  | { readonly kind: "goodbye"; readonly reason: string }
  | { readonly kind: "unknown" };

const ROLE_SILO = 1;
const ROLE_CLIENT = 2;

/** A reason or a refusal is for people; a longer one is cut. */
const TEXT_MAX_LENGTH = 1_024;

/** Characters of a protocol version. */
const PROTOCOL_MAX_BYTES = 32;

/** Field 3 of `Frame`, followed by its length. */
const BATCH_TAG = (3 << 3) | 2;

/** Of the length of a field: what takes more is longer than any frame. */
const LENGTH_MAX_BYTES = 4;

const UNKNOWN: Frame = { kind: "unknown" };

/** With a nonce, if this side can prove a secret. */
export function encodeHello(hello: Hello, nonce?: Uint8Array): Buffer {
  const { protocol, cluster, peerId } = hello;
  const role = hello.role === "silo" ? ROLE_SILO : ROLE_CLIENT;
  const more = { ...(nonce && { nonce }), ...(hello.name !== undefined && { name: hello.name }) };
  const operator = hello.role === "operator";
  return serializeFrame({
    hello: { protocol, cluster, role, peer_id: peerId, operator, ...more },
  });
}

export function encodeProof(proof: Uint8Array): Buffer {
  return serializeFrame({ proof });
}

export function encodeRefusal(refusal: Refusal): Buffer {
  return serializeFrame({
    refusal: { code: refusal.code, message: refusal.message.slice(0, TEXT_MAX_LENGTH) },
  });
}

/**
 * Nearly every frame is a batch, and one that holds nothing else is its field's tag and length and
 * the bytes: written and read here, because the general way costs 1.5 µs of the 60 that a call
 * takes there and back, each time.
 */
export function encodeBatch(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  const start = 1 + varintLength(length);
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = BATCH_TAG;
  let rest = length;
  for (let at = 1; at < start; at++) {
    frame[at] = at + 1 < start ? (rest & 0x7f) | 0x80 : rest;
    rest >>>= 7;
  }
  frame.set(bytes, start);
  return frame;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

/**
 * Where the bytes of a frame that is nothing but a batch begin; undefined for every other frame.
 */
function startOfBatch(frame: Buffer): number | undefined {
  if (frame[0] !== BATCH_TAG) return undefined;
  let length = 0;
  for (let at = 1; at <= LENGTH_MAX_BYTES; at++) {
    const byte = frame[at] ?? 0;
    length |= (byte & 0x7f) << (7 * (at - 1));
    if (byte < 0x80) return at + 1 + length === frame.length ? at + 1 : undefined;
  }
  return undefined;
}

export function encodePart(total: number, data: Uint8Array): Buffer {
  return serializeFrame({ part: { total, data } });
}

export function encodeGoodbye(reason: string): Buffer {
  return serializeFrame({ goodbye: { reason: reason.slice(0, TEXT_MAX_LENGTH) } });
}

/** The frame that the bytes are. Throws nothing but a `WireError`. */
export function decodeFrame(bytes: Buffer): Frame {
  const start = startOfBatch(bytes);
  if (start !== undefined) return { kind: "batch", bytes: bytesOf(bytes.subarray(start)) };
  const fields = fieldsOf(bytes);
  if (fields["batch"] !== undefined) return { kind: "batch", bytes: bytesOf(fields["batch"]) };
  if (fields["part"] !== undefined) return decodePart(fields["part"]);
  if (fields["hello"] !== undefined) return decodeHello(fields["hello"]);
  if (fields["proof"] !== undefined)
    return { kind: "proof", proof: exactly(bytesOf(fields["proof"]), PROOF_BYTES) };
  if (fields["refusal"] !== undefined)
    return { kind: "refusal", refusal: decodeRefusal(fields["refusal"]) };
  if (fields["goodbye"] !== undefined)
    return { kind: "goodbye", reason: textOf(objectOf(fields["goodbye"])["reason"]) };
  return UNKNOWN;
}

function decodePart(part: unknown): Frame {
  const { total, data } = objectOf(part);
  const length = total === undefined ? 0 : total;
  if (typeof length !== "number" || length > PARTS_MAX_BYTES) {
    throw new WireError(`a message in parts of more than ${PARTS_MAX_BYTES} bytes`);
  }
  return { kind: "part", total: length, bytes: bytesOf(data) };
}

function decodeHello(value: unknown): Frame {
  const { protocol, cluster, peer_id: peerId, nonce, name, ...roles } = objectOf(value);
  const role = roleOf(roles["role"], roles["operator"]);
  return {
    kind: "hello",
    hello: {
      protocol: stringOf(protocol, PROTOCOL_MAX_BYTES),
      cluster: stringOf(cluster, NAME_MAX_BYTES),
      role,
      ...(name === undefined ? {} : { name: stringOf(name, NAME_MAX_BYTES) }),
      peerId: stringOf(peerId, NAME_MAX_BYTES),
    },
    nonce: nonce === undefined ? undefined : exactly(bytesOf(nonce), NONCE_BYTES),
  };
}

function roleOf(role: unknown, isOperator: unknown): Role {
  if (role === ROLE_SILO) return "silo";
  if (role !== ROLE_CLIENT) throw new WireError("a hello without a role");
  return isOperator === true ? "operator" : "client";
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new WireError(`a field that has not ${length} bytes`);
  return bytes;
}

function decodeRefusal(value: unknown): Refusal {
  const { code, message } = objectOf(value);
  if (code !== "UNAUTHENTICATED" && code !== "BAD_CONFIG" && code !== "CLUSTER_UNAVAILABLE") {
    throw new WireError("a refusal with an unknown code");
  }
  return { code, message: textOf(message) };
}

function fieldsOf(bytes: Buffer): Record<string, unknown> {
  try {
    return parseFrame(bytes) as Record<string, unknown>;
  } catch {
    throw new WireError("bytes that are not a frame");
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new WireError("a frame of another form");
  return value as Record<string, unknown>;
}

/**
 * A plain view, because the binary values in it are given to actors, who shall not be given Node's
 * `Buffer`.
 */
function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new WireError("a frame without its bytes");
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** Absent fields are empty strings in protobuf. */
function stringOf(value: unknown, maxBytes: number): string {
  if (value === undefined) return "";
  if (typeof value !== "string" || Buffer.byteLength(value) > maxBytes) {
    throw new WireError(`a hello with a field of more than ${maxBytes} bytes`);
  }
  return value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.slice(0, TEXT_MAX_LENGTH) : "";
}
