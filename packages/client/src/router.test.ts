import {
  type Envelope,
  errorToPortable,
  type Link,
  type Principal,
  type Member,
  type MemberState,
  type Outcome,
  type RequestEnvelope,
  type SendResult,
  TroupeError,
} from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { OutboundCall } from "./outbound-call.ts";
import { Placement, SILO_TYPE } from "./placement.ts";
import { Router } from "./router.ts";

/** A link that keeps what it is given. */
class RecordingLink implements Link {
  readonly remote;
  readonly principal: Principal = { role: "silo", name: "peer" };
  readonly sent: Envelope[] = [];
  result: SendResult = "sent";

  constructor(siloId: string) {
    this.remote = {
      protocol: "1.0",
      cluster: "test",
      role: "silo" as const,
      peerId: siloId,
    };
  }

  /** The numbers of the requests that were sent, in order. */
  get requests(): number[] {
    return this.sent.flatMap((envelope) => (envelope.kind === "request" ? [envelope.callId] : []));
  }

  send(envelope: Envelope): SendResult {
    if (this.result === "sent") this.sent.push(envelope);
    return this.result;
  }

  close(): void {
    this.result = "closed";
  }
}

function placement(
  revision: number,
  ...silos: (readonly [siloId: string, state: MemberState])[]
): Placement {
  const members = silos.map(([siloId, state]): Member => ({
    siloId,
    address: "",
    state,
    types: { Account: "1" },
    version: "1",
    labels: {},
  }));
  return new Placement({ revision, members });
}

/** What became of a call. */
type Fate = { readonly value?: unknown; readonly error?: unknown };

/** A router with links to silos, and calls to make through it. */
class Desk {
  readonly clock = new VirtualClock();
  readonly links = new Map<string, RecordingLink>();
  readonly fates = new Map<number, Fate>();
  readonly router: Router;
  #callId = 0;

  constructor(at: Placement) {
    const linkTo = (siloId: string): Link | undefined => this.links.get(siloId);
    const parts = {
      peerId: "me",
      clock: this.clock,
      local: undefined,
      linkTo,
      makeReference: () => undefined,
    };
    this.router = new Router(parts, at);
  }

  link(siloId: string): RecordingLink {
    const link = this.links.get(siloId) ?? new RecordingLink(siloId);
    this.links.set(siloId, link);
    return link;
  }

  call(facts: Partial<RequestEnvelope> & { readonly idempotent?: boolean } = {}): OutboundCall {
    const { idempotent = false, ...given } = facts;
    const request: RequestEnvelope = {
      kind: "request",
      callId: ++this.#callId,
      type: "Account",
      id: "alice",
      method: "deposit",
      args: { value: [], revive: false, size: 0 },
      deadline: this.clock.monotonic() + 10_000,
      revision: 0,
      chain: [],
      oneWay: false,
      headers: undefined,
      idempotencyKey: idempotent ? "a:test:1" : undefined,
      delivery: undefined,
      ...given,
    };
    const { callId } = request;
    const routed = { key: `${request.type}/${request.id}`, route: undefined };
    const call = new OutboundCall(routed, request);
    call.resolve = (value) => void this.fates.set(callId, { value });
    call.reject = (error) => void this.fates.set(callId, { error });
    this.router.start(call, this.clock.monotonic());
    return call;
  }

  value(callId: number, value: unknown): void {
    this.router.reply(callId, { kind: "value", payload: { value, revive: false, size: 0 } });
  }

  refuse(callId: number, reason: "not-owner" | "not-ready", revision: number): void {
    this.router.reply(callId, { kind: "refused", reason, revision });
  }
}

const ONE = placement(1, ["a", "active"]);
const MOVED = placement(2, ["b", "active"]);

describe("a router", () => {
  it("sends a call to its owner under its own revision, and gives the reply to its caller once", () => {
    const desk = new Desk(ONE);
    const link = desk.link("a");
    desk.call();
    expect(link.sent).toMatchObject([{ kind: "request", callId: 1, revision: 1 }]);
    desk.value(1, 5);
    desk.value(1, 6);
    expect(desk.fates.get(1)).toEqual({ value: 5 });
    expect(desk.router.pendingCount).toBe(0);
  });

  it("keeps calls until there is a link, a member, and an owner", async () => {
    const desk = new Desk(placement(1, ["a", "joining"]));
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
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
    const link = desk.link("a");
    desk.link("b");
    desk.call();
    desk.router.setPlacement(MOVED);
    desk.router.setPlacement(placement(3, ["a", "active"]));
    desk.value(1, "done");
    desk.call();
    expect(link.requests).toEqual([1, 2]);
  });

  it("answers SILO_LOST at once when the link of a call breaks, since it may have run", () => {
    const desk = new Desk(ONE);
    desk.link("a");
    desk.call();
    desk.router.linkDown("other", "gone");
    expect(desk.fates.size).toBe(0);
    desk.router.linkDown("a", "gone");
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "SILO_LOST", ran: "maybe" });
  });

  it("sends an idempotent call again when its link breaks", () => {
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
    desk.link("a").result = "full";
    desk.call();
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "OVERLOADED", ran: "no" });
    expect(desk.router.pendingCount).toBe(0);
  });

  it("answers NO_SUCH_ACTOR_TYPE if active silos do not host the type, and CLUSTER_UNAVAILABLE for a silo that is gone", () => {
    const desk = new Desk(ONE);
    desk.call({ type: "Nobody" });
    desk.call({ type: SILO_TYPE, id: "z" });
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "NO_SUCH_ACTOR_TYPE" });
    expect(desk.fates.get(2)?.error).toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
  });

  it("ends a call by its deadline and tells the silo that has it", async () => {
    const desk = new Desk(ONE);
    const link = desk.link("a");
    desk.call({ deadline: 500 });
    await desk.clock.advance(500);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "TIMEOUT", ran: "maybe" });
    expect(link.sent.at(-1)).toEqual({ kind: "cancel", callId: 1, type: "Account", id: "alice" });
    desk.value(1, "late");
    expect(desk.fates.get(1)?.value).toBeUndefined();
  });

  it("says that a call which could never be sent did not run", async () => {
    const desk = new Desk(ONE);
    desk.call({ deadline: 500 });
    await desk.clock.advance(500);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "TIMEOUT", ran: "no" });
    const empty = new Desk(placement(1));
    empty.call({ deadline: 500 });
    await empty.clock.advance(500);
    expect(empty.fates.get(1)?.error).toMatchObject({ code: "CLUSTER_UNAVAILABLE", ran: "no" });
  });

  it("lets what waits behind a call go when that one is cancelled", () => {
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
    const call = desk.call();
    desk.router.cancel(call, undefined);
    desk.router.cancel(call, undefined);
    expect(desk.fates.get(1)?.error).toMatchObject({ code: "CANCELLED", ran: "no" });
    const link = desk.link("a");
    desk.router.linkUp();
    await desk.clock.advance(1_000);
    expect(link.sent).toEqual([]);
  });

  it("resolves a one-way call when it is sent, and still brings it elsewhere if it is refused", async () => {
    const desk = new Desk(ONE);
    desk.link("a");
    const owner = desk.link("b");
    desk.call({ oneWay: true });
    expect(desk.fates.get(1)).toEqual({ value: undefined });
    desk.refuse(1, "not-owner", 2);
    desk.router.setPlacement(MOVED);
    expect(owner.requests).toEqual([1]);
  });

  it("sends a call that comes back to the silo whose turn waits for it, whoever owns the actor, and past what waits", () => {
    const desk = new Desk(MOVED);
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
    const desk = new Desk(placement(1, ["a", "active"], ["b", "active"]));
    const chain = [{ type: "Account", id: "alice", turn: "a/me:1" }];
    desk.call({ chain });
    desk.call();
    const owner = desk.link("b");
    desk.router.setPlacement(placement(2, ["b", "active"]));
    expect(owner.requests).toEqual([1, 2]);
  });

  it("sends nothing more once it is closed, though a link comes or goes: what waited was failed as not run", () => {
    const desk = new Desk(ONE);
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
    const desk = new Desk(ONE);
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
    };
    const router = new Router(
      { peerId: "a", clock, local, linkTo: () => undefined, makeReference: () => undefined },
      ONE,
    );
    for (const callId of [1, 2]) {
      const { request } = new Desk(ONE).call();
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
