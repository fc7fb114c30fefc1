import { describe, expect, it } from "vitest";
import type { Entry, Overview } from "./account.ts";
import { audit, isSound, type Order } from "./audit.ts";

function overview(balance: number, entries: readonly Partial<Entry>[]): Overview {
  return {
    holder: "x",
    balance,
    entries: entries.map((entry) => ({ kind: "sent", at: 0, amount: 0, ...entry })),
  };
}

const order: Order = {
  name: "rent",
  from: "alice",
  to: "bob",
  amount: 30,
  outcome: "acknowledged",
};
const sent: Partial<Entry> = { kind: "sent", amount: -30, other: "bob", order: "rent" };
const received: Partial<Entry> = { kind: "received", amount: 30, other: "alice", order: "rent" };

function auditOf(orders: readonly Order[], alice: Overview, bob: Overview) {
  return audit(orders, new Map(Object.entries({ alice, bob })));
}

describe("an audit", () => {
  it("is sound if each transfer is there once on both sides", () => {
    const result = auditOf([order], overview(70, [sent]), overview(30, [received]));
    expect(result).toEqual({ total: 100, acknowledged: 1, lost: [], doubled: [], halves: [] });
    expect(isSound(result, 100)).toBe(true);
    expect(isSound(result, 101)).toBe(false);
  });

  it("finds what is lost, doubled or half done, even if the sums are right", () => {
    expect(auditOf([order], overview(100, []), overview(0, [])).lost).toEqual(["rent"]);
    expect(auditOf([order], overview(70, [sent]), overview(30, [])).lost).toEqual(["rent"]);
    expect(
      auditOf([order], overview(70, [sent]), overview(30, [received, received])).doubled,
    ).toEqual(["rent"]);
    const unknown: Order = { ...order, outcome: "unknown" };
    const half = auditOf([unknown], overview(100, []), overview(0, [received]));
    expect(half.halves).toEqual(["rent"]);
    expect(isSound(half, 100)).toBe(false);
    expect(isSound(auditOf([unknown], overview(100, []), overview(0, [])), 100)).toBe(true);
  });

  it("is not sound while money is on its way", () => {
    const onItsWay = auditOf([order], overview(70, [sent]), overview(0, []));
    expect(onItsWay.total).toBe(70);
    expect(isSound(onItsWay, 100)).toBe(false);
  });
});
