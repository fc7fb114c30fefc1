import { type Envelope, type RequestEnvelope, type Role, systemClock } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { AccessRules } from "./access-rules.ts";
import {
  cleanEnvelope,
  type CleanEnvelope,
  type CleaningRules,
  Horizon,
} from "./clean-envelope.ts";

const NOW = 1_000;
const PEER = "client-1";
const rules: CleaningRules = {
  access: new AccessRules(undefined, new Map()),
  horizon: new Horizon({ ...systemClock, monotonic: () => NOW }),
  operatorTurns: new Map([
    ["$reminders", "looks"],
    ["$letters", "looks"],
    ["$resend", "changes"],
    ["$drop", "changes"],
  ]),
};

function requestOf(fields: Partial<RequestEnvelope>): RequestEnvelope {
  return {
    kind: "request",
    callId: 7,
    type: "Account",
    id: "alice",
    method: "deposit",
    args: { value: [5], revive: false, size: 9 },
    deadline: NOW + 30_000,
    revision: 3,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
    ...fields,
  };
}

function clean(envelope: Envelope, role: Role = "client", peerId = PEER): CleanEnvelope {
  return cleanEnvelope(envelope, { principal: { role, name: "shop" }, peerId }, rules);
}

describe("what enters from outside", () => {
  it("is let through as it is if it is an ordinary call, cancel or probe", () => {
    const envelopes: Envelope[] = [
      requestOf({}),
      requestOf({ oneWay: true, headers: { tenant: "t" }, idempotencyKey: "u:order-1" }),
      requestOf({ idempotencyKey: `a:${PEER}:7` }),
      { kind: "cancel", callId: 7, type: "Account", id: "alice" },
      { kind: "ping", nonce: 1 },
    ];
    for (const envelope of envelopes) {
      const cleaned = clean(envelope);
      expect(cleaned.kind === "clean" && cleaned.envelope).toBe(envelope);
    }
  });

  it("counts for the bytes that it has, whatever it says", () => {
    const args = { value: [new Uint8Array(1_000_000)], revive: false, size: 0 };
    const cleaned = clean(requestOf({ args }));
    if (cleaned.kind !== "clean" || cleaned.envelope.kind !== "request")
      throw new Error("the request was not let through");
    expect(cleaned.envelope.args.size).toBeGreaterThanOrEqual(1_000_000);
    expect(cleaned.envelope.args.value).toBe(args.value);
  });

  it.each<[string, Envelope]>([
    ["released", { kind: "released", revision: 9, holding: [] }],
    [
      "reply",
      {
        kind: "reply",
        callId: 1,
        outcome: { kind: "value", payload: { value: 1, revive: false, size: 1 } },
      },
    ],
  ])("ends the link if it says %s, as only silos do", (kind, envelope) => {
    expect(clean(envelope, "operator")).toMatchObject({
      kind: "broken",
      reason: expect.stringContaining(`"${kind}"`),
    });
  });

  it.each<[string, Partial<RequestEnvelope>]>([
    ["a durable send", { delivery: { sender: "Payer/alice", seq: 1, asks: false } }],
    ["the key of a durable send", { idempotencyKey: "s:1000000:Payer/alice" }],
    ["the automatic key of another client", { idempotencyKey: "a:client-2:7" }],
    ["the automatic key of a silo", { idempotencyKey: "a:silo-1:7" }],
    ["a key without a start", { idempotencyKey: "order-1" }],
    ["an empty key", { idempotencyKey: "" }],
    ["a system turn", { method: "$arrived" }],
    ["a system turn that nobody knows", { method: "$whatever" }],
  ])("is forbidden if it is %s, to operators as well", (_, fields) => {
    for (const role of ["client", "operator"] as const)
      expect(clean(requestOf(fields), role)).toMatchObject({
        kind: "forbidden",
        callId: 7,
        error: { code: "FORBIDDEN", ran: "no" },
      });
  });

  it.each(["$letters", "$resend", "$drop", "$reminders"])(
    "may be the turn %s of an operator, and not of a client, who is told what is missing",
    (method) => {
      expect(clean(requestOf({ method }), "operator").kind).toBe("clean");
      const cleaned = clean(requestOf({ method }));
      expect(cleaned.kind === "forbidden" && cleaned.error.message).toBe(
        `[FORBIDDEN] Account/alice.${method}(): only an operator may do this, and shop is a client; connect with tokens.operator`,
      );
    },
  );

  it("loses its call chain, whatever turns that names", () => {
    const chain = [{ type: "Account", id: "alice", turn: "silo-1/client-2:3" }];
    expect(clean(requestOf({ chain }))).toEqual({ kind: "clean", envelope: requestOf({}) });
  });

  it.each([Number.POSITIVE_INFINITY, Number.NaN, Number.MAX_SAFE_INTEGER])(
    "waits for a day at most, whatever its deadline is: %s",
    (deadline) => {
      const cleaned = clean(requestOf({ deadline }));
      expect(cleaned).toEqual({
        kind: "clean",
        envelope: requestOf({ deadline: NOW + 86_400_000 }),
      });
    },
  );

  it("has no automatic key if its sender's id is not a client's", () => {
    const request = requestOf({ idempotencyKey: "a:silo-1:7" });
    expect(clean(request, "client", "silo-1").kind).toBe("forbidden");
  });
});
