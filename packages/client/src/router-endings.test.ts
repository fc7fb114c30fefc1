import { errorToPortable, TroupeError } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { SILO_TYPE, type Placement } from "./placement.ts";
import { Desk, MOVED, ONE, placement } from "./testing/router-desk.ts";

function deskAt(at: Placement): Desk<VirtualClock> {
  return new Desk(at, new VirtualClock());
}

describe("a router, when a call ends otherwise than by its reply,", () => {
  it("answers SILO_LOST at once when the link of a call breaks, since it may have run", () => {
    const desk = deskAt(ONE);
    desk.link("a");
    desk.call();
    desk.router.linkDown("other", "gone");
    expect(desk.fates.size).toBe(0);
    desk.router.linkDown("a", "gone");
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "SILO_LOST", ran: "maybe" });
  });

  it("sends an idempotent call again when its link breaks", () => {
    const desk = deskAt(ONE);
    desk.link("a");
    desk.call({ idempotent: true });
    desk.links.delete("a");
    desk.router.linkDown("a", "gone");
    expect(desk.fates.size).toBe(0);
    const again = desk.link("a");
    desk.router.linkUp();
    expect(again.requests).toEqual([1]);
    desk.value(1, 5);
    expect(desk.fates.get(1)).toEqual({ value: 5 });
  });

  it("does not say of a call that was lost with a silo that it has not run, whatever ends it later", async () => {
    const desk = deskAt(ONE);
    const link = desk.link("a");
    desk.call({ idempotent: true, deadline: 500 });
    desk.call({ idempotent: true });
    desk.links.delete("a");
    desk.router.linkDown("a", "gone");
    await desk.clock.advance(500);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "TIMEOUT", ran: "maybe" });

    desk.links.set("a", link);
    desk.router.linkUp();
    const full = new TroupeError("MAILBOX_FULL", "too many", { cause: "why" });
    desk.router.reply(2, { kind: "error", payload: errorToPortable(full) });
    const expected = {
      code: "MAILBOX_FULL",
      message: "[MAILBOX_FULL] too many",
      ran: "maybe",
      retryable: true,
      cause: "why",
    };
    expect(desk.fates.get(2)?.error).toMatchObject(expected);
  });

  it("answers OVERLOADED when the link has no room", () => {
    const desk = deskAt(ONE);
    desk.link("a").result = "full";
    desk.call();
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "OVERLOADED", ran: "no" });
    expect(desk.router.pendingCount).toBe(0);
  });

  it("answers NO_SUCH_ACTOR_TYPE if active silos do not host the type, and CLUSTER_UNAVAILABLE for a silo that is gone", () => {
    const desk = deskAt(ONE);
    desk.call({ type: "Nobody" });
    desk.call({ type: SILO_TYPE, id: "z" });
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "NO_SUCH_ACTOR_TYPE" });
    expect(desk.fates.get(2)?.error).toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  });

  it("ends a call by its deadline and tells the silo that has it", async () => {
    const desk = deskAt(ONE);
    const link = desk.link("a");
    desk.call({ deadline: 500 });
    await desk.clock.advance(500);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "TIMEOUT", ran: "maybe" });
    expect(link.sent.at(-1)).toEqual({ kind: "cancel", callId: 1, type: "Account", id: "alice" });
    desk.value(1, "late");
    expect(desk.fates.get(1)?.value).toBeUndefined();
  });

  it("says that a call which could never be sent did not run", async () => {
    const desk = deskAt(ONE);
    desk.call({ deadline: 500 });
    await desk.clock.advance(500);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "TIMEOUT", ran: "no" });
    const empty = deskAt(placement(1));
    empty.call({ deadline: 500 });
    await empty.clock.advance(500);
    expect(empty.fates.get(1)?.error).toMatchObject({ code: "CLUSTER_UNAVAILABLE", ran: "no" });
  });

  it("lets what waits behind a call go when that one is cancelled", () => {
    const desk = deskAt(ONE);
    desk.link("a");
    const owner = desk.link("b");
    const first = desk.call();
    desk.router.setPlacement(MOVED);
    desk.call();
    desk.router.cancel(first, "enough");
    expect(desk.fates.get(1)?.error).toMatchObject({
      code: "CANCELLED",
      ran: "maybe",
      cause: "enough",
    });
    expect(owner.requests).toEqual([2]);
  });

  it("cancels a call that waits without a trace", async () => {
    const desk = deskAt(ONE);
    const call = desk.call();
    desk.router.cancel(call, undefined);
    desk.router.cancel(call, undefined);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "CANCELLED", ran: "no" });
    const link = desk.link("a");
    desk.router.linkUp();
    await desk.clock.advance(1_000);
    expect(link.sent).toEqual([]);
  });

  it("sends nothing more once it is closed, though a link comes or goes: what waited was failed as not run", () => {
    const desk = deskAt(ONE);
    const link = desk.link("a");
    desk.call();
    desk.refuse(1, "not-ready", 1);
    const sent = link.sent.length;
    desk.router.close();
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "CANCELLED", ran: "no" });
    desk.router.linkDown("b", "gone");
    desk.router.linkUp();
    desk.router.setPlacement(placement(2, ["a", "active"]));
    expect(link.sent.length).toBe(sent);
  });

  it("fails everything when it is closed, says what may have run, and takes nothing more", () => {
    const desk = deskAt(ONE);
    desk.link("a");
    desk.call();
    desk.refuse(1, "not-ready", 1);
    desk.call({ id: "bob" });
    desk.router.close();
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "CANCELLED", ran: "no" });
    expect(desk.fates.get(2)?.error).toMatchObject({ code: "CANCELLED", ran: "maybe" });
    expect(() => desk.call()).toThrowError(
      expect.objectContaining({ code: "CLUSTER_UNAVAILABLE" }),
    );
    expect(desk.clock.pending).toBe(0);
  });
});
