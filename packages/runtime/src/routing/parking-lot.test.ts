import type { RequestEnvelope } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { OWN_PRINCIPAL } from "../activation/own-request.ts";
import { ParkingLot } from "./parking-lot.ts";

function requestOf(callId: number, id = "alice"): RequestEnvelope {
  return {
    kind: "request",
    callId,
    type: "Account",
    id,
    method: "read",
    args: { value: [], revive: false, size: 0 },
    deadline: 0,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
  };
}

const sink = { peerId: "p", principal: OWN_PRINCIPAL, reply() {} };
const otherSink = { peerId: "q", principal: OWN_PRINCIPAL, reply() {} };

describe("a parking lot", () => {
  it("hands requests out in the order in which they came, each once", () => {
    const lot = new ParkingLot();
    for (const callId of [2, 1, 3]) expect(lot.park(requestOf(callId), sink)).toBe(true);
    const handed: number[] = [];
    lot.release(({ callId }) => handed.push(callId));
    lot.release(({ callId }) => handed.push(callId));
    expect(handed).toEqual([2, 1, 3]);
    expect(lot.isEmpty).toBe(true);
  });

  it("lets a request be parked again while it is handed out, without handing it out for ever", () => {
    const lot = new ParkingLot();
    for (const callId of [1, 2]) lot.park(requestOf(callId), sink);
    lot.release((request, from) => lot.park(request, from));
    const handed: number[] = [];
    lot.release(({ callId }) => handed.push(callId));
    expect(handed).toEqual([1, 2]);
  });

  it("drops a cancelled request, and not that of another caller with the same number", () => {
    const lot = new ParkingLot();
    lot.park(requestOf(1), sink);
    lot.park(requestOf(1), otherSink);
    lot.cancel(requestOf(1), sink);
    const handed: string[] = [];
    lot.release((_, from) => handed.push(from.peerId));
    expect(handed).toEqual(["q"]);
  });

  it("hands out what waits for one actor, and leaves the rest", () => {
    const lot = new ParkingLot();
    for (const [callId, id] of [
      [1, "alice"],
      [2, "bob"],
      [3, "alice"],
    ] as const)
      lot.park(requestOf(callId, id), sink);
    const handed: number[] = [];
    lot.releaseOf({ type: "Account", id: "alice" }, ({ callId }) => handed.push(callId));
    lot.releaseOf({ type: "Account", id: "carol" }, ({ callId }) => handed.push(callId));
    expect(handed).toEqual([1, 3]);
    lot.release(({ callId }) => handed.push(callId));
    expect(handed).toEqual([1, 3, 2]);
    expect(lot.isEmpty).toBe(true);
  });

  it("has room for 10,000", () => {
    const lot = new ParkingLot();
    const request = requestOf(1);
    for (let count = 0; count < 10_000; count++) lot.park(request, sink);
    expect(lot.park(request, sink)).toBe(false);
  });
});
