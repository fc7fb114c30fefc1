import type { Outcome, RequestEnvelope } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import type { Placement } from "./placement.ts";
import { Router } from "./router.ts";
import { OutboundCall } from "./outbound-call.ts";
import { Desk, MOVED, ONE, placement } from "./testing/router-desk.ts";

function deskAt(at: Placement): Desk<VirtualClock> {
  return new Desk(at, new VirtualClock());
}

describe("a router", () => {
  it("sends a call to its owner under its own revision, and gives the reply to its caller once", () => {
    const desk = deskAt(ONE);
    const link = desk.link("a");
    desk.call();
    expect(link.sent).toMatchObject([{ kind: "request", callId: 1, revision: 1 }]);
    desk.value(1, 5);
    desk.value(1, 6);
    expect(desk.fates.get(1)).toEqual({ value: 5 });
    expect(desk.router.pendingCount).toBe(0);
  });

  it("keeps calls until there is a link, a member, and an owner", async () => {
    const desk = deskAt(placement(1, ["a", "joining"]));
    desk.call();
    desk.call();
    desk.router.setPlacement(placement(2, ["a", "active"]));
    expect(desk.fates.size).toBe(0);
    const link = desk.link("a");
    desk.router.linkUp();
    expect(link.requests).toEqual([1, 2]);
    expect(link.sent).toMatchObject([{ revision: 2 }, { revision: 2 }]);
  });

  it("sends later calls to an actor behind one that waits, also when they could go at once", async () => {
    const desk = deskAt(ONE);
    const link = desk.link("a");
    desk.call();
    desk.refuse(1, "not-ready", 1);
    desk.call();
    desk.call({ id: "bob" });
    expect(link.requests).toEqual([1, 3]);
    await desk.clock.advance(1_000);
    expect(link.requests).toEqual([1, 3, 1, 2]);
  });

  it("sends refused calls again in the order in which they were made", async () => {
    const desk = deskAt(ONE);
    const old = desk.link("a");
    const owner = desk.link("b");
    for (let count = 0; count < 3; count++) desk.call();
    expect(old.requests).toEqual([1, 2, 3]);
    desk.router.setPlacement(MOVED);
    desk.call();
    // While any call is with the former owner, nothing goes to the new one.
    desk.refuse(1, "not-owner", 2);
    desk.refuse(2, "not-owner", 2);
    await desk.clock.advance(1_000);
    expect(owner.requests).toEqual([]);
    desk.refuse(3, "not-owner", 2);
    await desk.clock.advance(1_000);
    expect(owner.requests).toEqual([1, 2, 3, 4]);
    expect(desk.fates.size).toBe(0);
  });

  it("sends what waits behind a former owner as soon as that has answered", () => {
    const desk = deskAt(ONE);
    desk.link("a");
    const owner = desk.link("b");
    desk.call();
    desk.router.setPlacement(MOVED);
    desk.call();
    expect(owner.requests).toEqual([]);
    desk.value(1, "done");
    expect(owner.requests).toEqual([2]);
  });

  it("has nothing wait any more once a former owner has answered to which the actor has come back", () => {
    const desk = deskAt(ONE);
    const link = desk.link("a");
    desk.link("b");
    desk.call();
    desk.router.setPlacement(MOVED);
    desk.router.setPlacement(placement(3, ["a", "active"]));
    desk.value(1, "done");
    desk.call();
    expect(link.requests).toEqual([1, 2]);
  });

  it("resolves a one-way call when it is sent, and still brings it elsewhere if it is refused", async () => {
    const desk = deskAt(ONE);
    desk.link("a");
    const owner = desk.link("b");
    desk.call({ oneWay: true });
    expect(desk.fates.get(1)).toEqual({ value: undefined });
    desk.refuse(1, "not-owner", 2);
    desk.router.setPlacement(MOVED);
    expect(owner.requests).toEqual([1]);
  });

  it("sends a call that comes back to the silo whose turn waits for it, whoever owns the actor, and past what waits", () => {
    const desk = deskAt(MOVED);
    const former = desk.link("a");
    desk.call();
    const chain = [{ type: "Account", id: "alice", turn: "a/me:1" }];
    desk.call({ chain });
    expect(former.requests).toEqual([2]);
    // If that turn is over by then, the call is one like any other.
    desk.refuse(2, "not-owner", 2);
    desk.link("b");
    desk.router.linkUp();
    expect(desk.link("b").requests).toEqual([1, 2]);
  });

  it("sends a call that would come back to a silo that is gone to the owner, and holds up none behind it", () => {
    const desk = deskAt(placement(1, ["a", "active"], ["b", "active"]));
    const chain = [{ type: "Account", id: "alice", turn: "a/me:1" }];
    desk.call({ chain });
    desk.call();
    const owner = desk.link("b");
    desk.router.setPlacement(placement(2, ["b", "active"]));
    expect(owner.requests).toEqual([1, 2]);
  });

  it("gives its local silo the calls that it owns, and takes its refusals without going round in circles", async () => {
    const clock = new VirtualClock();
    const dispatched: number[] = [];
    const values: unknown[] = [];
    let outcome: Outcome = { kind: "refused", reason: "not-ready", revision: 1 };
    const local = {
      siloId: "a",
      dispatch: (
        request: RequestEnvelope,
        sink: { reply(callId: number, outcome: Outcome): void },
      ) => {
        dispatched.push(request.callId);
        sink.reply(request.callId, outcome);
      },
      cancel() {},
      credit() {},
    };
    const router = new Router(
      {
        peerId: "a",
        clock,
        random: { next: () => 0 },
        local,
        linkTo: () => undefined,
        makeReference: () => undefined,
      },
      ONE,
    );
    for (const callId of [1, 2]) {
      const { request } = deskAt(ONE).call();
      const routed = { key: "Account/alice", route: undefined };
      const call = new OutboundCall(routed, { ...request, callId });
      call.resolve = (value) => void values.push(value);
      router.start(call, clock.monotonic());
    }
    expect(dispatched).toEqual([1]);
    outcome = { kind: "value", payload: { value: "done", revive: false, size: 0 } };
    await clock.advance(100);
    expect(dispatched).toEqual([1, 1, 2]);
    expect(values).toEqual(["done", "done"]);
  });
});
