import type { Hello, Refusal } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeFrame,
  encodeBatch,
  encodeGoodbye,
  encodeHello,
  encodePart,
  encodeRefusal,
} from "./frame.ts";
import { PARTS_MAX_BYTES } from "./link-limits.ts";
import { serializeFrame } from "./link-service.ts";
import { WireError } from "./wire-format.ts";

describe("frames", () => {
  it.each<Hello>([
    { protocol: "1.0", cluster: "bank", role: "silo", peerId: "s1" },
    { protocol: "1.7", cluster: "größe 🦊", role: "client", peerId: "" },
    { protocol: "2.0", cluster: "", role: "operator", peerId: "c" },
    { protocol: "1.3", cluster: "bank", role: "client", name: "shop", peerId: "c" },
    { protocol: "1.3", cluster: "bank", role: "client", name: "", peerId: "c" },
  ])("carry a hello: %j", (hello) => {
    expect(decodeFrame(encodeHello(hello))).toEqual({ kind: "hello", hello });
  });

  it("carry refusals, batches, parts and goodbyes", () => {
    const refusal: Refusal = { code: "UNAUTHENTICATED", message: "no" };
    const bytes = new Uint8Array([1, 2, 3]);
    expect(decodeFrame(encodeRefusal(refusal))).toEqual({ kind: "refusal", refusal });
    expect(decodeFrame(encodeBatch(bytes))).toEqual({ kind: "batch", bytes });
    expect(decodeFrame(encodePart(300, bytes))).toEqual({ kind: "part", total: 300, bytes });
    expect(decodeFrame(encodePart(0, bytes))).toEqual({ kind: "part", total: 0, bytes });
    expect(decodeFrame(encodeGoodbye("enough"))).toEqual({ kind: "goodbye", reason: "enough" });
  });

  it("hold a batch of any length in the bytes that protobuf has for it", () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
      const bytes = new Uint8Array(length).fill(7);
      const frame = encodeBatch(bytes);
      expect(frame.equals(serializeFrame({ batch: bytes }))).toBe(true);
      expect(decodeFrame(frame)).toEqual({ kind: "batch", bytes });
    }
  });

  it("that hold more than a batch are read as protobuf says: the last field counts", () => {
    const batch = encodeBatch(new Uint8Array([1, 2]));
    expect(decodeFrame(Buffer.concat([batch, encodeBatch(new Uint8Array([3]))]))).toEqual({
      kind: "batch",
      bytes: new Uint8Array([3]),
    });
    expect(() => decodeFrame(batch.subarray(0, 3))).toThrow(WireError);
  });

  it("give plain bytes, not Node's Buffer, since actors see views of them", () => {
    const frame = decodeFrame(encodeBatch(new Uint8Array([1])));
    expect(frame.kind === "batch" && frame.bytes.constructor).toBe(Uint8Array);
  });

  it("of a later version are told as unknown", () => {
    // Field 15, two bytes.
    expect(decodeFrame(Buffer.from([0x7a, 2, 1, 2]))).toEqual({ kind: "unknown" });
  });

  it.each<[string, object]>([
    ["a hello without a role", { hello: { protocol: "1.0", cluster: "c", peer_id: "p" } }],
    [
      "a hello with a long name",
      { hello: { protocol: "1.0", cluster: "c".repeat(257), role: 1, peer_id: "p" } },
    ],
    [
      "a hello with a long name of a client",
      { hello: { protocol: "1.3", cluster: "c", role: 2, peer_id: "p", name: "n".repeat(257) } },
    ],
    [
      "a hello with a short nonce",
      { hello: { protocol: "1.1", cluster: "c", role: 1, peer_id: "p", nonce: Buffer.alloc(31) } },
    ],
    ["a refusal with another code", { refusal: { code: "__proto__", message: "x" } }],
    [
      "a message in parts that is too long",
      { part: { total: PARTS_MAX_BYTES + 1, data: Buffer.from([1]) } },
    ],
    ["a part without bytes", { part: { total: 5 } }],
    ["a proof of 33 bytes", { proof: Buffer.alloc(33) }],
  ])("are refused: %s", (_, fields) => {
    expect(() => decodeFrame(serializeFrame(fields))).toThrow(WireError);
  });

  it("are refused with one kind of error, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        try {
          decodeFrame(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
