import type { RequestEnvelope } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "@troupe/testkit";
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
    deadline: 60_000,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
  };
}

/** A lot on a clock of its own, and what has left it or was put out. */
function lotOf(clock = new VirtualClock()): ParkingLot & { left: number[]; putOut: number[] } {
  const left: number[] = [];
  const putOut: number[] = [];
  const lot = new ParkingLot({
    clock,
    onLeft: ({ callId }) => void left.push(callId),
    onPutOut: ({ callId }) => void putOut.push(callId),
  });
  return Object.assign(lot, { left, putOut });
}

const sink = { peerId: "p", principal: OWN_PRINCIPAL, reply() {} };
const otherSink = { peerId: "q", principal: OWN_PRINCIPAL, reply() {} };

describe("a parking lot", () => {
  it("hands requests out in the order in which they came, each once", () => {
    const lot = lotOf();
    for (const callId of [2, 1, 3]) expect(lot.park(requestOf(callId), sink)).toBe(true);
    const handed: number[] = [];
    lot.release(({ callId }) => handed.push(callId));
    lot.release(({ callId }) => handed.push(callId));
    expect(handed).toEqual([2, 1, 3]);
    expect(lot.isEmpty).toBe(true);
  });

  it("lets a request be parked again while it is handed out, without handing it out for ever", () => {
    const lot = lotOf();
    for (const callId of [1, 2]) lot.park(requestOf(callId), sink);
    lot.release((request, from) => lot.park(request, from));
    const handed: number[] = [];
    lot.release(({ callId }) => handed.push(callId));
    expect(handed).toEqual([1, 2]);
  });

  it("drops a cancelled request, and not that of another caller with the same number", () => {
    const lot = lotOf();
    lot.park(requestOf(1), sink);
    lot.park(requestOf(1), otherSink);
    lot.cancel(requestOf(1), sink);
    const handed: string[] = [];
    lot.release((_, from) => handed.push(from.peerId));
    expect(handed).toEqual(["q"]);
  });

  it("hands out what waits for one actor, and leaves the rest", () => {
    const lot = lotOf();
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
    const lot = lotOf();
    const request = requestOf(1);
    for (let count = 0; count < 10_000; count++) lot.park(request, sink);
    expect(lot.park(request, sink)).toBe(false);
  });

  it("drops a request at its deadline", async () => {
    const clock = new VirtualClock();
    const lot = lotOf(clock);
    lot.park({ ...requestOf(1), deadline: 100 }, sink);
    lot.park({ ...requestOf(2), deadline: 300 }, sink);
    await clock.advance(200);
    expect(lot.left).toEqual([1]);
    await clock.advance(200);
    expect(lot.left).toEqual([1, 2]);
    expect(lot.isEmpty).toBe(true);
  });

  it("drops what a caller waits for when its link has ended, but no one-way call and none of others", () => {
    const lot = lotOf();
    lot.park(requestOf(1), sink);
    lot.park({ ...requestOf(2), oneWay: true }, sink);
    lot.park(requestOf(3), otherSink);
    lot.callerGone(sink);
    const handed: number[] = [];
    lot.release(({ callId }) => handed.push(callId));
    expect(handed).toEqual([2, 3]);
  });

  it("makes room for a caller that has little parked when another has filled it", () => {
    const lot = lotOf();
    for (let callId = 0; callId < 10_000; callId++) lot.park(requestOf(callId), sink);
    expect(lot.park(requestOf(10_000), otherSink)).toBe(true);
    expect(lot.putOut).toEqual([0]);
    expect(lot.park(requestOf(10_001), sink)).toBe(false);
    expect(lot.size).toBe(10_000);
  });
});
