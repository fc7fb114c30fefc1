import {
  CALL_CHAIN_MAX,
  errorToPortable,
  fromPortable,
  MESSAGE_MAX_BYTES,
  toPortable,
  type Envelope,
  type Payload,
  type ReplyEnvelope,
  type RequestEnvelope,
} from "@troupe/core";
import { expect, it } from "vitest";
import { AWKWARD_IDS } from "./awkward-names.ts";
import { everyKindOfValue, makeTestReference } from "./every-kind-of-value.ts";
import { openPair, type TransportContext } from "./transport-pair.ts";

/** What a link must do with envelopes. */
export function envelopeTests(context: TransportContext): void {
  orderTests(context);
  shapeTests(context);
  sizeTests(context);
}

const SOON_MS = 30_000;

function requestOf(fields: Partial<RequestEnvelope>): RequestEnvelope {
  return {
    kind: "request",
    callId: 1,
    type: "Account",
    id: "alice",
    method: "deposit",
    args: toPortable([], { root: "args" }),
    deadline: 0,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
    ...fields,
  };
}

function valueReply(callId: number, value: unknown): ReplyEnvelope {
  return {
    kind: "reply",
    callId,
    outcome: { kind: "value", payload: toPortable(value, { root: "result" }) },
  };
}

function timeless(envelope: Envelope): Envelope {
  return envelope.kind === "request" ? { ...envelope, deadline: 0 } : envelope;
}

function live(payload: Payload): unknown {
  return fromPortable(payload, makeTestReference);
}

function orderTests({ subject, until }: TransportContext): void {
  it("keeps the order of thousands of envelopes in both directions at once", async () => {
    const { near, far, diallerClock, listenerClock } = await openPair(subject());
    const count = 5_000;
    for (let callId = 0; callId < count; callId++) {
      const fields = {
        callId,
        id: AWKWARD_IDS[callId % 30] ?? "",
        method: `method${callId % 300}`,
      };
      expect(
        near.link.send(requestOf({ ...fields, deadline: diallerClock.monotonic() + SOON_MS })),
      ).toBe("sent");
      expect(
        far.link.send(requestOf({ ...fields, deadline: listenerClock.monotonic() + SOON_MS })),
      ).toBe("sent");
    }
    await until(
      "everything has arrived",
      () => near.received.length === count && far.received.length === count,
    );
    for (const { received } of [near, far]) {
      for (const [index, envelope] of received.entries()) {
        expect(envelope).toMatchObject({
          callId: index,
          id: AWKWARD_IDS[index % 30],
          method: `method${index % 300}`,
        });
      }
    }
  });

  it("keeps the order of envelopes that are sent while others arrive", async () => {
    const { near, far } = await openPair(subject());
    far.react = (envelope) => {
      if (envelope.kind === "ping") far.link.send({ kind: "pong", nonce: envelope.nonce });
    };
    near.react = (envelope) => {
      if (envelope.kind === "pong" && envelope.nonce < 300)
        near.link.send({ kind: "ping", nonce: envelope.nonce + 1 });
    };
    near.link.send({ kind: "ping", nonce: 0 });
    await until("the last answer is here", () => near.received.length === 301);
    expect(near.received).toEqual(
      Array.from({ length: 301 }, (_, nonce) => ({ kind: "pong", nonce })),
    );
  });
}

function shapeTests({ subject, until }: TransportContext): void {
  it("carries every kind of envelope as it was, deadlines aside", async () => {
    const { near, far } = await openPair(subject());
    const chain = Array.from({ length: CALL_CHAIN_MAX }, (_, index) => ({
      type: "Order",
      id: `größe ${index}`,
      turn: `t${index}`,
    }));
    const envelopes: Envelope[] = [
      requestOf({}),
      requestOf({
        callId: 2 ** 53 - 1,
        type: "Konto größe",
        id: "{🦊}/\0",
        method: "größe",
        revision: 2 ** 53 - 1,
        chain,
        oneWay: true,
        headers: { "": "", "trace id": "ü\0", constructor: "own" },
        idempotencyKey: "key {}",
        ifActive: true,
      }),
      ...AWKWARD_IDS.map((id) => requestOf({ id })),
      valueReply(1, undefined),
      { kind: "reply", callId: 2, outcome: { kind: "refused", reason: "not-owner", revision: 12 } },
      {
        kind: "reply",
        callId: 3,
        outcome: { kind: "refused", reason: "not-ready", revision: 2 ** 53 - 1 },
      },
      { kind: "cancel", type: "Account", id: "größe {}", callId: 2 ** 40 },
      { kind: "ping", nonce: 0 },
      { kind: "pong", nonce: 2 ** 53 - 1 },
      { kind: "released", revision: 0, holding: [] },
      {
        kind: "released",
        revision: 2 ** 53 - 1,
        holding: AWKWARD_IDS.map((id) => `Konto größe/${id}`),
      },
    ];
    for (const envelope of envelopes) near.link.send(envelope);
    await until("everything has arrived", () => far.received.length === envelopes.length);
    expect(far.received.map(timeless)).toEqual(envelopes.map(timeless));
  });

  it("carries every kind of value in arguments, results and errors", async () => {
    const { near, far } = await openPair(subject());
    const payload = toPortable([everyKindOfValue()], { root: "args" });
    const { revive, size } = payload;
    near.link.send(requestOf({ args: payload }));
    far.link.send(valueReply(1, everyKindOfValue()));
    const thrown = Object.assign(new RangeError("no", { cause: new TypeError("why") }), {
      details: everyKindOfValue(),
    });
    far.link.send({
      kind: "reply",
      callId: 2,
      outcome: { kind: "error", payload: errorToPortable(thrown) },
    });
    await until(
      "everything has arrived",
      () => far.received.length === 1 && near.received.length === 2,
    );

    const [request] = far.received;
    if (request?.kind !== "request") throw new Error("the request came as something else");
    expect(request.args).toMatchObject({ revive, size });
    const [value] = live(request.args) as [Record<string, unknown>];
    expect(value).toEqual(live(toPortable(everyKindOfValue(), { root: "args" })));
    expect((value.cyclic as Record<string, unknown>).self).toBe(value.cyclic);
    const [first, second] = value.shared as [unknown, { again: unknown }];
    expect(second.again).toBe(first);

    const [reply, failure] = near.received;
    if (reply?.kind !== "reply" || reply.outcome.kind !== "value")
      throw new Error("the reply came as something else");
    expect(live(reply.outcome.payload)).toEqual(value);
    if (failure?.kind !== "reply" || failure.outcome.kind !== "error")
      throw new Error("the error came as something else");
    const error = live(failure.outcome.payload);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({
      message: "no",
      stack: thrown.stack,
      cause: { message: "why" },
      details: value,
    });
  });

  it("shares no memory between the two sides", async () => {
    const { near, far } = await openPair(subject());
    const args = toPortable([{ list: [1], bytes: new Uint8Array([1, 2]) }], { root: "args" });
    near.link.send(requestOf({ args }));
    await until("it has arrived", () => far.received.length === 1);
    const [request] = far.received;
    if (request?.kind !== "request") throw new Error("the request came as something else");
    const [received] = request.args.value as [{ list: number[]; bytes: Uint8Array }];
    received.list.push(2);
    received.bytes.fill(9);
    expect(args.value).toEqual([{ list: [1], bytes: new Uint8Array([1, 2]) }]);
  });

  it("carries deadlines as the time left, to a process whose clock stands elsewhere", async () => {
    const { near, far, diallerClock, listenerClock } = await openPair(subject());
    const sentAt = diallerClock.monotonic();
    const left = [5_000, 86_400_000, 0, -1_000];
    for (const ms of left) near.link.send(requestOf({ deadline: sentAt + ms }));
    const arrived: number[] = [];
    far.react = (envelope) => {
      if (envelope.kind === "request") arrived.push(envelope.deadline - listenerClock.monotonic());
    };
    await until("everything has arrived", () => arrived.length === left.length);
    const underWay = diallerClock.monotonic() - sentAt;
    for (const [index, ms] of left.entries()) {
      // Whether the time under way counts is the transport's choice; a millisecond may be lost to
      // rounding.
      expect(arrived[index]).toBeLessThanOrEqual(Math.max(ms, 0) + 1);
      expect(arrived[index]).toBeGreaterThanOrEqual(ms - underWay - 1);
    }
  });
}

function sizeTests({ subject, until }: TransportContext): void {
  it("carries the largest message, and the small ones that are sent after it", async () => {
    const { near, far } = await openPair(subject());
    const large = Uint8Array.from({ length: MESSAGE_MAX_BYTES - 64 }, (_, index) => index * 7);
    near.link.send(requestOf({ callId: 1, args: toPortable([large], { root: "args" }) }));
    for (let nonce = 0; nonce < 100; nonce++) near.link.send({ kind: "ping", nonce });
    await until("everything has arrived", () => far.received.length === 101);
    expect(far.received.filter(({ kind }) => kind === "ping")).toEqual(
      Array.from({ length: 100 }, (_, nonce) => ({ kind: "ping", nonce })),
    );
    const values = far.received.flatMap((envelope) =>
      envelope.kind === "request" ? [envelope.args.value] : [],
    );
    const [[received]] = values as [[Uint8Array]];
    expect(Buffer.compare(received, large)).toBe(0);
  });

  it("says full when too much waits to be sent, keeps what it took, and takes more later", async () => {
    const { near, far } = await openPair(subject());
    const args = toPortable([new Uint8Array(128 * 1024)], { root: "args" });
    let taken = 0;
    while (taken < 2_000 && near.link.send(requestOf({ callId: taken, args })) === "sent") taken++;
    expect(near.link.send(requestOf({ callId: -1, args }))).toBe("full");
    expect(taken).toBeGreaterThan(8);
    await until("what was taken has arrived", () => far.received.length === taken);
    expect(
      far.received.map((envelope) =>
        envelope.kind === "request" ? envelope.callId : envelope.kind,
      ),
    ).toEqual(Array.from({ length: taken }, (_, callId) => callId));
    expect(near.link.send({ kind: "ping", nonce: 1 })).toBe("sent");
    await until("the next one has arrived", () => far.received.length === taken + 1);
  });
}
