import { type Envelope, toPortable } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Inbox } from "./inbox.ts";
import { BATCH_BYTES, BATCH_MAX_ENVELOPES, PART_BYTES } from "./link-limits.ts";
import { Outbox } from "./outbox.ts";

const PLENTY = 64 * 1024 * 1024;

function ping(nonce: number): Envelope {
  return { kind: "ping", nonce };
}

function request(callId: number, id: string, bytes = 0): Envelope {
  return {
    kind: "request",
    callId,
    type: "Account",
    id,
    method: "put",
    args: toPortable([new Uint8Array(bytes)], { root: "args" }),
    deadline: 0,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
  };
}

/**
 * Moves what `outbox` has to `inbox` as a link does: what batches there are, then a part, and so
 * on.
 */
function transfer(outbox: Outbox, inbox: Inbox, parts = Infinity): Envelope[] {
  const received: Envelope[] = [];
  const drain = (): void => {
    for (let envelope = inbox.next(); envelope !== undefined; envelope = inbox.next())
      received.push(envelope);
  };
  for (let round = 0; round < parts; round++) {
    for (let batch = outbox.nextBatch(0); batch !== undefined; batch = outbox.nextBatch(0)) {
      inbox.batch(batch, 0);
      drain();
    }
    const part = outbox.nextPart(0);
    if (part === undefined) return received;
    inbox.part(part.total, part.data, 0);
    drain();
  }
  return received;
}

function idsOf(envelopes: readonly Envelope[]): unknown[] {
  return envelopes.map((envelope) => {
    if (envelope.kind === "request" || envelope.kind === "cancel") return envelope.callId;
    return "nonce" in envelope ? `p${envelope.nonce}` : envelope.kind;
  });
}

describe("Outbox", () => {
  it("gives everything that was added in one batch", () => {
    const outbox = new Outbox(PLENTY);
    for (let nonce = 0; nonce < 50; nonce++) outbox.add(ping(nonce));
    expect(outbox.nextBatch(0)).toBeInstanceOf(Uint8Array);
    expect(outbox.nextBatch(0)).toBeUndefined();
    expect(outbox.isEmpty).toBe(true);
  });

  it("puts no more into a batch than the limits of envelopes and bytes allow", () => {
    const many = new Outbox(PLENTY);
    for (let nonce = 0; nonce < BATCH_MAX_ENVELOPES - 1; nonce++) many.add(ping(nonce));
    expect(many.hasFullBatch).toBe(false);
    many.add(ping(0));
    many.add(ping(1));
    expect(many.hasFullBatch).toBe(true);
    many.nextBatch(0);
    expect(many.isEmpty).toBe(false);

    const long = new Outbox(PLENTY);
    for (let callId = 0; callId < 4; callId++) long.add(request(callId, "a", BATCH_BYTES / 2));
    expect(long.hasFullBatch).toBe(true);
    expect(long.nextBatch(0)?.length).toBeLessThan(BATCH_BYTES);
  });

  it("refuses what is beyond its bytes, and takes more when something has left", () => {
    const outbox = new Outbox(10_000);
    expect(outbox.add(request(1, "a", 6_000))).toBe(true);
    expect(outbox.add(request(2, "a", 6_000))).toBe(false);
    expect(outbox.add(request(3, "a", 100))).toBe(true);
    outbox.nextBatch(0);
    expect(outbox.add(request(4, "a", 6_000))).toBe(true);
  });

  it("takes one envelope that is larger than all its bytes if it is empty, and counts it until it has left", () => {
    const outbox = new Outbox(1_000);
    expect(outbox.add(request(1, "a", PART_BYTES + 1))).toBe(true);
    expect(outbox.add(ping(1))).toBe(false);
    outbox.nextPart(0);
    expect(outbox.add(ping(1))).toBe(false);
    outbox.nextPart(0);
    expect(outbox.add(ping(1))).toBe(true);
  });

  it("lets small envelopes overtake a large one between its parts", () => {
    const outbox = new Outbox(PLENTY);
    const inbox = new Inbox();
    outbox.add(request(1, "large", 4 * PART_BYTES));
    outbox.add(ping(1));
    expect(idsOf(transfer(outbox, inbox, 2))).toEqual(["p1"]);
    outbox.add(request(2, "other"));
    expect(idsOf(transfer(outbox, inbox, 2))).toEqual([2]);
    outbox.add(ping(3));
    expect(idsOf(transfer(outbox, inbox))).toEqual(["p3", 1]);
    expect(outbox.isEmpty).toBe(true);
  });

  it("keeps the order of what is for one actor, around a large envelope", () => {
    const outbox = new Outbox(PLENTY);
    const envelopes = [
      ...Array.from({ length: 250 }, (_, callId) => request(callId, "a")),
      request(250, "a", 2 * PART_BYTES),
      request(251, "a"),
      { kind: "cancel", callId: 252, type: "Account", id: "a" } as const,
      request(253, "a", PART_BYTES),
      request(254, "a"),
    ];
    for (const envelope of envelopes) outbox.add(envelope);
    expect(idsOf(transfer(outbox, new Inbox()))).toEqual(
      Array.from({ length: 255 }, (_, callId) => callId),
    );
    outbox.add(request(255, "a"));
    expect(outbox.nextPart(0)).toBeUndefined();
    expect(outbox.nextBatch(0)).toBeDefined();
  });

  it("keeps the order of releases", () => {
    const outbox = new Outbox(PLENTY);
    const holding = Array.from({ length: 1_000 }, (_, index) =>
      `Account/${index}`.padEnd(400, "x"),
    );
    outbox.add({ kind: "released", revision: 1, holding });
    outbox.add({ kind: "released", revision: 2, holding: [] });
    expect(transfer(outbox, new Inbox())).toMatchObject([
      { revision: 1, holding },
      { revision: 2 },
    ]);
  });

  it("loses, doubles and reorders nothing that is for one actor, whatever is sent and whenever it leaves", () => {
    const step = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      bytes: fc.constantFrom(0, 0, 0, 10, BATCH_BYTES, PART_BYTES, 2 * PART_BYTES + 7),
      rounds: fc.constantFrom(0, 0, 0, 1, 2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const outbox = new Outbox(PLENTY);
        const inbox = new Inbox();
        const received: Envelope[] = [];
        steps.forEach(({ id, bytes, rounds }, callId) => {
          outbox.add(request(callId, id, bytes));
          received.push(...transfer(outbox, inbox, rounds));
        });
        received.push(...transfer(outbox, inbox));
        for (const wanted of ["a", "b", "c"]) {
          const sent = steps.flatMap(({ id }, callId) => (id === wanted ? [callId] : []));
          expect(
            idsOf(received.filter((envelope) => "id" in envelope && envelope.id === wanted)),
          ).toEqual(sent);
        }
        expect(outbox.isEmpty).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("Inbox", () => {
  it.each<[string, readonly (readonly [number, number])[]]>([
    ["a part without a first one", [[0, 10]]],
    ["an empty first part", [[10, 0]]],
    ["parts that are longer than their message", [[10, 11]]],
    [
      "a later part that is longer than its message",
      [
        [10, 5],
        [0, 6],
      ],
    ],
    [
      "a message in the middle of another",
      [
        [10, 5],
        [10, 5],
      ],
    ],
    [
      "an endless row of empty parts",
      [
        [10, 5],
        [0, 0],
      ],
    ],
  ])("refuses %s", (_, parts) => {
    const inbox = new Inbox();
    expect(() => {
      for (const [total, length] of parts) inbox.part(total, new Uint8Array(length), 0);
    }).toThrow("part");
  });
});
