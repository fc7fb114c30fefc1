import type { RequestEnvelope } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { OutboundCall } from "./outbound-call.ts";
import { PendingCalls } from "./pending-calls.ts";

function callOf(callId: number, deadline: number): OutboundCall {
  const request: RequestEnvelope = {
    kind: "request",
    callId,
    type: "Account",
    id: "alice",
    method: "read",
    args: { value: [], revive: false, size: 0 },
    deadline,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
  };
  return new OutboundCall({ key: "Account/alice", route: undefined }, request);
}

const ignore = (): void => undefined;

describe("pending calls", () => {
  it("say when the last one has left, however it does", async () => {
    const clock = new VirtualClock();
    let emptied = 0;
    const pending = new PendingCalls(clock, ignore, () => emptied++);
    const first = callOf(1, 100);
    pending.add(first);
    pending.add(callOf(2, 100));
    pending.remove(first);
    expect(emptied).toBe(0);
    await clock.advance(1_000);
    expect(emptied).toBe(1);
  });

  it("expire each at its own deadline, and are no longer there then", async () => {
    const clock = new VirtualClock();
    const expired: [callId: number, at: number][] = [];
    const pending = new PendingCalls(
      clock,
      (call) => {
        expect(pending.get(call.request.callId)).toBeUndefined();
        expired.push([call.request.callId, clock.monotonic()]);
      },
      ignore,
    );
    pending.add(callOf(1, 300));
    pending.add(callOf(2, 100));
    pending.add(callOf(3, 200));
    await clock.advance(1_000);
    expect(expired).toEqual([
      [2, 100],
      [3, 200],
      [1, 300],
    ]);
    expect(pending.size).toBe(0);
  });

  it("do not expire once they were taken", async () => {
    const clock = new VirtualClock();
    const expired: number[] = [];
    const pending = new PendingCalls(clock, (call) => expired.push(call.request.callId), ignore);
    const first = callOf(1, 100);
    pending.add(first);
    pending.add(callOf(2, 100));
    expect(pending.remove(first)).toBe(true);
    expect(pending.remove(first)).toBe(false);
    await clock.advance(1_000);
    expect(expired).toEqual([2]);
  });

  it("can be added while others expire", async () => {
    const clock = new VirtualClock();
    const expired: number[] = [];
    const pending = new PendingCalls(
      clock,
      (call) => {
        expired.push(call.request.callId);
        if (call.request.callId === 1) pending.add(callOf(2, 150));
      },
      ignore,
    );
    pending.add(callOf(1, 100));
    await clock.advance(1_000);
    expect(expired).toEqual([1, 2]);
  });

  it("are found, taken and expired also when many later ones have come and gone", async () => {
    const clock = new VirtualClock();
    const expired: number[] = [];
    const pending = new PendingCalls(clock, (call) => expired.push(call.request.callId), ignore);
    const [slow, slower] = [callOf(1, 500), callOf(2, 600)];
    pending.add(slow);
    pending.add(slower);
    for (let callId = 3; callId < 5_000; callId++) {
      const quick = callOf(callId, 400);
      pending.add(quick);
      expect(pending.get(callId)).toBe(quick);
      expect(pending.remove(quick)).toBe(true);
      expect(pending.remove(quick)).toBe(false);
    }
    expect(pending.size).toBe(2);
    expect([pending.get(1), pending.get(2), pending.get(3)]).toEqual([slow, slower, undefined]);
    expect(pending.remove(slow)).toBe(true);
    expect(pending.get(1)).toBeUndefined();
    await clock.advance(1_000);
    expect(expired).toEqual([2]);
    expect(pending.size).toBe(0);
  });

  it("are all handed out by clear, and leave no timer behind", () => {
    const clock = new VirtualClock();
    const pending = new PendingCalls(clock, ignore, ignore);
    pending.add(callOf(1, 100));
    pending.add(callOf(2, 200));
    expect(pending.clear().map((call) => call.request.callId)).toEqual([1, 2]);
    expect(pending.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("are limited: one more than 100,000 is OVERLOADED", () => {
    const pending = new PendingCalls(new VirtualClock(), ignore, ignore);
    const call = callOf(0, 1_000);
    for (let callId = 1; callId <= 100_000; callId++) {
      call.request = { ...call.request, callId };
      pending.add(call);
    }
    call.request = { ...call.request, callId: 100_001 };
    expect(() => pending.add(call)).toThrowError(
      expect.objectContaining({ code: "OVERLOADED", ran: "no" }),
    );
  });
});
