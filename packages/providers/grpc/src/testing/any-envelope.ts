import { type Envelope, MESSAGE_MAX_BYTES } from "@troupe/core";
import * as fc from "fast-check";

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
    stream: fc.option(
      fc.record({ items: fc.integer({ min: 1, max: 4_096 }), bytes: fc.nat(16 * 1024 * 1024) }),
      { nil: undefined },
    ),
    headers: fc.option(fc.dictionary(name, fc.string(), { noNullPrototype: true }), {
      nil: undefined,
    }),
  })
  .chain((facts) => repetition.map((repeated) => ({ ...facts, ...repeated })));

/** Any envelope that a link may carry. */
export const anyEnvelope: fc.Arbitrary<Envelope> = fc.oneof(
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
  fc.record({
    kind: fc.constant("item" as const),
    callId: integer,
    item: fc.oneof(
      fc.record({ kind: fc.constantFrom("value" as const, "error" as const), payload }),
      fc.constant({ kind: "end" as const }),
    ),
  }),
  fc.record({
    kind: fc.constant("credit" as const),
    callId: integer,
    items: integer,
    bytes: integer,
  }),
  fc.record({ kind: fc.constantFrom("ping" as const, "pong" as const), nonce: integer }),
  fc.record({ kind: fc.constant("released" as const), revision: integer, holding: fc.array(name) }),
);
