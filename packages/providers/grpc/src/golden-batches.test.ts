import { goldenBytes, goldenFile, makeTestReference, TestReference } from "@troupe/conformance";
import { type Envelope, fromPortable } from "@troupe/core";
import { expect, it } from "vitest";
import { BatchDecoder } from "./batch-decoder.ts";

/** The golden batches were encoded at 1,000 with a deadline of 1,500. */
const NOW = 1_000;

const deposit = {
  kind: "request",
  callId: 1,
  type: "Account",
  id: "alice",
  method: "deposit",
  args: [5],
  deadline: 1_500,
  revision: 7,
  chain: [],
  oneWay: false,
  headers: undefined,
  idempotencyKey: undefined,
};

const expected = [
  deposit,
  {
    ...deposit,
    callId: 2 ** 53 - 1,
    id: "größe",
    method: "merge",
    args: [new Map([[1, new TestReference({ type: "Account", id: "bob" })]]), undefined, 2n ** 70n],
    chain: [
      { type: "Order", id: "7", turn: "silo-1/client-1:9" },
      { type: "Account", id: "bob", turn: "silo-2/silo-1:3" },
    ],
    headers: { tenant: "t1", __proto__x: "ü" },
    idempotencyKey: "u:key",
  },
  { ...deposit, callId: 3, oneWay: true, args: [] },
  { kind: "reply", callId: 1, outcome: "value", value: { balance: 5, at: new Date(9) } },
  { kind: "reply", callId: 2, outcome: "value", value: undefined },
  {
    kind: "reply",
    callId: 3,
    outcome: "error",
    value: Object.assign(new RangeError("amount must be positive"), { code: "E_FAR" }),
  },
  { kind: "reply", callId: 4, outcome: { kind: "refused", reason: "not-owner", revision: 8 } },
  { kind: "reply", callId: 5, outcome: { kind: "refused", reason: "not-ready", revision: 0 } },
  { kind: "cancel", callId: 6, type: "Account", id: "alice" },
  { kind: "ping", nonce: 11 },
  { kind: "pong", nonce: 12 },
  { kind: "released", revision: 9, holding: ["Account/alice", "Konto/größe"] },
];

/** The envelope with its values alive, so that it can be compared with what was sent. */
function live(envelope: Envelope): unknown {
  if (envelope.kind === "request")
    return { ...envelope, args: fromPortable(envelope.args, makeTestReference) };
  if (envelope.kind !== "reply" || envelope.outcome.kind === "refused") return envelope;
  const value = fromPortable(envelope.outcome.payload, makeTestReference);
  return { kind: "reply", callId: envelope.callId, outcome: envelope.outcome.kind, value };
}

function readAll(decoder: BatchDecoder): unknown[] {
  const envelopes: unknown[] = [];
  for (let next = decoder.next(); next !== undefined; next = decoder.next())
    envelopes.push(live(next));
  return envelopes;
}

it("reads every kind of envelope as the first version sent it, names numbered or not", () => {
  const decoder = new BatchDecoder();
  for (const batch of goldenFile("link-batches").batches) {
    decoder.open(goldenBytes(batch), NOW);
    const envelopes = readAll(decoder);
    expect(envelopes).toEqual(expected);
    expect(envelopes[5]).toMatchObject({ value: { stack: expect.stringContaining("old.js:1:1") } });
  }
});

it("reads an envelope that came in parts as the first version sent it", () => {
  const decoder = new BatchDecoder();
  decoder.openAlone(goldenBytes(goldenFile("link-batches").alone), NOW);
  expect(readAll(decoder)).toEqual([deposit]);
});
