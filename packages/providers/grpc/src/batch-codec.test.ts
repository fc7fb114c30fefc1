import {
  createValuePacker,
  type Envelope,
  MESSAGE_MAX_BYTES,
  type RequestEnvelope,
  toPortable,
} from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchDecoder } from "./batch-decoder.ts";
import { BatchEncoder } from "./batch-encoder.ts";
import { NAMES_MAX } from "./link-limits.ts";
import {
  HEAD_FACTOR,
  KIND_CANCEL,
  KIND_PING,
  KIND_RELEASED,
  KIND_REPLY_REFUSED,
  KIND_REPLY_VALUE,
  KIND_REQUEST,
  WireError,
} from "./wire-format.ts";

const packer = createValuePacker();

function readAll(decoder: BatchDecoder): Envelope[] {
  const envelopes: Envelope[] = [];
  for (let envelope = decoder.next(); envelope !== undefined; envelope = decoder.next())
    envelopes.push(envelope);
  return envelopes;
}

function decode(fields: unknown): Envelope[] {
  const decoder = new BatchDecoder();
  decoder.open(packer.pack(fields), 1_000);
  return readAll(decoder);
}

function head(kind: number, count: number): number {
  return count * HEAD_FACTOR + kind;
}

function request(fields: Partial<RequestEnvelope>): RequestEnvelope {
  return {
    kind: "request",
    callId: 1,
    type: "Account",
    id: "alice",
    method: "read",
    args: toPortable([1, "two"], { root: "args" }),
    deadline: 2_000,
    revision: 3,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    ...fields,
  };
}

const size = fc.nat(MESSAGE_MAX_BYTES);
const integer = fc.maxSafeNat();
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
// JSON has no -0, which would come back as 0, and no portable value has a key __proto__.
const value = fc
  .jsonValue()
  .map((json) => JSON.stringify(json))
  .filter((text) => !text.includes("__proto__"))
  .map((text) => JSON.parse(text) as unknown);
const payload = fc.record({ value, revive: fc.boolean(), size });

/** What may tell a repetition of a request. */
const repetition = fc.oneof(
  fc.record({
    idempotencyKey: fc.option(name, { nil: undefined }),
    delivery: fc.constant(undefined),
  }),
  fc.record({
    idempotencyKey: fc.constant(undefined),
    delivery: fc.record({ sender: name, seq: integer, asks: fc.boolean() }),
  }),
);

const anyRequest = fc
  .record({
    kind: fc.constant("request" as const),
    callId: integer,
    type: name,
    id: name,
    method: name,
    args: fc.record({ value: fc.array(value), revive: fc.boolean(), size }),
    deadline: fc.nat().map((left) => 500 + left),
    revision: integer,
    chain: fc.array(fc.record({ type: name, id: name, turn: name }), { maxLength: 5 }),
    oneWay: fc.boolean(),
    ifActive: fc.constantFrom(undefined, true as const),
    headers: fc.option(fc.dictionary(name, fc.string(), { noNullPrototype: true }), {
      nil: undefined,
    }),
  })
  .chain((facts) => repetition.map((repeated) => ({ ...facts, ...repeated })));

const anyEnvelope: fc.Arbitrary<Envelope> = fc.oneof(
  anyRequest,
  fc.record({
    kind: fc.constant("reply" as const),
    callId: integer,
    outcome: fc.oneof(
      fc.record({ kind: fc.constantFrom("value" as const, "error" as const), payload }),
      fc.record({
        kind: fc.constant("refused" as const),
        reason: fc.constantFrom("not-owner" as const, "not-ready" as const),
        revision: integer,
      }),
    ),
  }),
  fc.record({ kind: fc.constant("cancel" as const), callId: integer, type: name, id: name }),
  fc.record({ kind: fc.constantFrom("ping" as const, "pong" as const), nonce: integer }),
  fc.record({ kind: fc.constant("released" as const), revision: integer, holding: fc.array(name) }),
);

describe("batches of envelopes", () => {
  it("come back as they were, batch after batch, with numbered names", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyEnvelope, { maxLength: 8 }), { maxLength: 4 }),
        (batches) => {
          const encoder = new BatchEncoder();
          const decoder = new BatchDecoder();
          for (const batch of batches) {
            encoder.begin(500);
            for (const envelope of batch) encoder.add(envelope);
            decoder.open(encoder.finish(), 500);
            expect(readAll(decoder)).toEqual(batch);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("numbers a name that is sent again", () => {
    const encoder = new BatchEncoder();
    encoder.begin(0);
    encoder.add(request({}));
    const first = encoder.finish();
    encoder.begin(0);
    encoder.add(request({}));
    const second = encoder.finish();
    expect(Buffer.from(first).includes("Account")).toBe(true);
    expect(Buffer.from(second).includes("Account")).toBe(false);
  });

  it("sends names in full once the table is full, and still reads them", () => {
    const encoder = new BatchEncoder();
    const decoder = new BatchDecoder();
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < NAMES_MAX + 10; index++) {
        encoder.begin(0);
        encoder.add({ kind: "cancel", callId: 1, type: `Type${index}`, id: "a" });
        decoder.open(encoder.finish(), 0);
        expect(readAll(decoder)).toEqual([
          { kind: "cancel", callId: 1, type: `Type${index}`, id: "a" },
        ]);
      }
    }
  });

  it("neither uses nor defines numbers in a message that travels alone", () => {
    const encoder = new BatchEncoder();
    const decoder = new BatchDecoder();
    encoder.begin(0);
    encoder.add(request({ type: "First" }));
    const batch = encoder.finish();
    const alone = encoder.encodeAlone(request({ type: "First", method: "other" }), 0);
    encoder.begin(0);
    encoder.add(request({ type: "Second", method: "other" }));
    const last = encoder.finish();
    // The message alone is overtaken by both batches.
    decoder.open(batch, 0);
    expect(readAll(decoder)).toMatchObject([{ type: "First", method: "read" }]);
    decoder.open(last, 0);
    expect(readAll(decoder)).toMatchObject([{ type: "Second", method: "other" }]);
    decoder.openAlone(alone, 0);
    expect(readAll(decoder)).toMatchObject([{ type: "First", method: "other" }]);
  });

  it("carries the time left to another clock, never less than none", () => {
    const encoder = new BatchEncoder();
    encoder.begin(1_000);
    encoder.add(request({ deadline: 1_250.25 }));
    encoder.add(request({ deadline: 10 }));
    const decoder = new BatchDecoder();
    decoder.open(encoder.finish(), 50_000);
    expect(readAll(decoder)).toMatchObject([{ deadline: 50_251 }, { deadline: 50_000 }]);
  });

  it("keeps a header named __proto__ a header", () => {
    const headers = Object.fromEntries([["__proto__", "x"]]);
    const encoder = new BatchEncoder();
    encoder.begin(0);
    encoder.add(request({ headers }));
    const decoder = new BatchDecoder();
    decoder.open(encoder.finish(), 0);
    const [read] = readAll(decoder);
    expect(read?.kind === "request" && Object.entries(read.headers ?? {})).toEqual([
      ["__proto__", "x"],
    ]);
  });

  it("passes over envelopes of unknown kinds, unknown flags and trailing fields of a later version", () => {
    const later = [
      head(15, 2),
      "x",
      [1],
      head(KIND_PING, 3),
      7,
      "more",
      {},
      head(KIND_REPLY_VALUE, 4),
      1,
      "v",
      5,
      2 ** 40,
    ];
    expect(decode(later)).toEqual([
      { kind: "ping", nonce: 7 },
      {
        kind: "reply",
        callId: 1,
        outcome: { kind: "value", payload: { value: "v", revive: false, size: 5 } },
      },
    ]);
  });
});

describe("hostile batches", () => {
  const good = [head(KIND_REQUEST, 9), 1, "Account", "alice", "read", [], 9, 100, 1, 0];
  const withField = (index: number, field: unknown): unknown[] =>
    good.map((old, at) => (at === index ? field : old));

  it.each<[string, unknown]>([
    ["no array", { a: 1 }],
    ["a head that is not a number", ["x"]],
    ["a negative head", [-1]],
    ["a head of a fraction", [1.5]],
    ["an envelope longer than its batch", [head(KIND_PING, 2), 1]],
    ["an envelope without its fields", [head(KIND_PING, 0)]],
    ["a call id that is not an integer", withField(1, "1")],
    ["a call id beyond 2^53", withField(1, 2 ** 54)],
    ["a call id that is negative", withField(1, -1)],
    ["a call id that is a big integer", withField(1, 1n)],
    ["a type that is not a string", withField(2, {})],
    ["a type with a number that no name has", withField(2, 0)],
    ["a type with a number that is not an index", withField(2, -1)],
    ["a type with a number that is not an integer", withField(2, NaN)],
    ["an empty type", withField(2, "")],
    ["a type that is too long", withField(2, "x".repeat(257))],
    ["a type that is too long in bytes", withField(2, "ü".repeat(129))],
    ["an empty id", withField(3, "")],
    ["an id that is too long", withField(3, "x".repeat(1_025))],
    ["a method that is not a string", withField(4, null)],
    ["arguments that are not an array", withField(5, "args")],
    ["a size beyond the limit", withField(6, MESSAGE_MAX_BYTES + 1)],
    ["a deadline that is not a number", withField(7, "soon")],
    ["a deadline that is not a number", withField(7, NaN)],
    ["a deadline before now", withField(7, -1)],
    ["a revision that is not an integer", withField(8, 0.5)],
    ["flags that are not an integer", withField(9, undefined)],
    ["a chain that is announced and missing", withField(9, 4)],
    [
      "a chain of another form",
      [head(KIND_REQUEST, 10), ...withField(9, 4).slice(1), ["Account", "a"]],
    ],
    [
      "a chain that is too long",
      [head(KIND_REQUEST, 10), ...withField(9, 4).slice(1), Array.from({ length: 303 }, () => "x")],
    ],
    [
      "a chain with a turn that is not a string",
      [head(KIND_REQUEST, 10), ...withField(9, 4).slice(1), ["Account", "a", 1]],
    ],
    ["headers of another form", [head(KIND_REQUEST, 10), ...withField(9, 8).slice(1), { a: "b" }]],
    [
      "a header that is not a string",
      [head(KIND_REQUEST, 10), ...withField(9, 8).slice(1), ["a", 1]],
    ],
    [
      "too many headers",
      [head(KIND_REQUEST, 10), ...withField(9, 8).slice(1), Array.from({ length: 130 }, () => "x")],
    ],
    [
      "headers that are too long",
      [head(KIND_REQUEST, 10), ...withField(9, 8).slice(1), ["a", "x".repeat(16_384)]],
    ],
    [
      "an idempotency key that is not a string",
      [head(KIND_REQUEST, 10), ...withField(9, 16).slice(1), 5],
    ],
    ["a refusal without a known reason", [head(KIND_REPLY_REFUSED, 3), 1, 2, 1]],
    ["a release of what is not an array", [head(KIND_RELEASED, 2), 1, "Account/alice"]],
    ["a release of what is not an actor", [head(KIND_RELEASED, 2), 1, ["Account/alice", 7]]],
    ["a cancel without an id", [head(KIND_CANCEL, 2), 1, "Account"]],
  ])("are refused: %s", (_, fields) => {
    expect(() => decode(fields)).toThrow(WireError);
  });

  it("can be refused whatever their bytes are, and never fail in another way", () => {
    const decoder = new BatchDecoder();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
        onlyWireErrors(() => readBytes(decoder, bytes)),
      ),
      { numRuns: 5_000 },
    );
  });

  it("can be refused whatever their fields are, and never fail in another way", () => {
    const field = fc.oneof(
      fc.integer(),
      fc.constantFrom(
        ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap((kind) =>
          [0, 1, 3, 4, 9, 12].map((count) => head(kind, count)),
        ),
      ),
      fc.anything({
        withBigInt: true,
        withDate: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: false,
      }),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 30 }), (fields) =>
        onlyWireErrors(() => readBytes(new BatchDecoder(), packer.pack(fields))),
      ),
      { numRuns: 2_000 },
    );
  });

  it("can be refused after any change of any byte, and never fail in another way", () => {
    const encoder = new BatchEncoder();
    encoder.begin(0);
    const args = toPortable(
      [
        new Map([[1, new Set([/a/g])]]),
        new Error("x"),
        new Float64Array(2),
        2n ** 70n,
        new Date(0),
      ],
      {
        root: "args",
      },
    );
    encoder.add(
      request({
        args,
        chain: [{ type: "A", id: "b", turn: "c" }],
        headers: { a: "b" },
        idempotencyKey: "k",
      }),
    );
    encoder.add({ kind: "ping", nonce: 1 });
    const bytes = Uint8Array.from(encoder.finish());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, byte, end) => {
        const changed = bytes.slice(0, end);
        if (at < changed.length) changed[at] = byte;
        onlyWireErrors(() => readBytes(new BatchDecoder(), changed));
      }),
      { numRuns: 5_000 },
    );
  });

  it("leave no trace: the next batch is read as if nothing had been", () => {
    const decoder = new BatchDecoder();
    expect(() => decoder.open(Uint8Array.from([0xd6, 0x70, 0, 0, 0, 9]), 0)).toThrow(WireError);
    decoder.open(packer.pack([head(KIND_PING, 1), 4]), 0);
    expect(readAll(decoder)).toEqual([{ kind: "ping", nonce: 4 }]);
  });
});

function readBytes(decoder: BatchDecoder, bytes: Uint8Array): void {
  decoder.open(bytes, 0);
  readAll(decoder);
}

function onlyWireErrors(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}
