import {
  type Lease,
  type Member,
  type MembershipProvider,
  silentLogger,
  TroupeError,
  type View,
  type ViewListener,
  type ViewWatch,
} from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { MembershipAgent } from "./membership-agent.ts";

const TTL_MS = 5_000;

const MEMBER: Member = {
  siloId: "a",
  address: "a:1",
  state: "joining",
  types: {},
  version: "1",
  labels: {},
};

/** A membership store for one member, whose answers the test decides. */
class OneMemberStore implements MembershipProvider {
  readonly clock: VirtualClock;
  readonly renewals: number[] = [];
  readonly states: string[] = [];
  state: "up" | "away" | "gone" = "up";
  listener: ViewListener | undefined;
  isRemoved = false;
  /** How long a renewal takes to be answered. */
  answerMs = 0;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  async register(member: Member, ttlMs: number): Promise<Lease> {
    this.states.push(member.state);
    return { siloId: member.siloId, ttlMs };
  }

  async renew(): Promise<"alive" | "gone"> {
    this.renewals.push(this.clock.monotonic());
    if (this.answerMs > 0)
      await new Promise<void>((resolve) => void this.clock.schedule(this.answerMs, resolve));
    return this.#answer() ? "alive" : "gone";
  }

  async update(_: Lease, member: Member): Promise<"done" | "gone"> {
    if (!this.#answer()) return "gone";
    this.states.push(member.state);
    return "done";
  }

  async remove(): Promise<void> {
    this.isRemoved = true;
  }

  async evict(): Promise<"evicted" | "gone"> {
    return "gone";
  }

  async identity(suggested: string): Promise<string> {
    return suggested;
  }

  async raise(): Promise<void> {}

  async putInForce(): Promise<"done" | "changed"> {
    return "done";
  }

  async list(): Promise<View> {
    return { revision: 1, members: [MEMBER] };
  }

  async watch(listener: ViewListener): Promise<ViewWatch> {
    this.listener = listener;
    listener.onView(await this.list());
    return {
      close: async () => {
        this.listener = undefined;
      },
    };
  }

  async close(): Promise<void> {}

  /** False if the record is gone. */
  #answer(): boolean {
    if (this.state === "away") throw new TroupeError("CLUSTER_UNAVAILABLE", "the store is away");
    return this.state === "up";
  }
}

function setUp() {
  const clock = new VirtualClock();
  const store = new OneMemberStore(clock);
  const views: number[] = [];
  const said: object[] = [];
  let losses = 0;
  /** Milliseconds for which the process has stood still. */
  let stoodStill = 0;
  const agent = new MembershipAgent({
    clock: {
      now: () => clock.now() + stoodStill,
      monotonic: () => clock.monotonic() + stoodStill,
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
    },
    logger: { ...silentLogger, warn: (fields) => void said.push(fields) },
    membership: store,
    leaseTtlMs: TTL_MS,
    leasePolicy: "strict",
    onView: ({ view: { revision } }) => views.push(revision),
    onLost: () => losses++,
  });
  const standStill = (ms: number): void => void (stoodStill += ms);
  return { clock, store, views, agent, said, standStill, losses: () => losses };
}

describe("a membership agent", () => {
  it("registers, watches, and serves from then on", async () => {
    const { clock, store, views, agent } = setUp();
    expect(agent.guard.isServing()).toBe(false);
    await agent.join(MEMBER);
    await clock.advance(100);
    expect(agent.guard.isServing()).toBe(true);
    expect(views).toEqual([1]);
    await agent.become("active");
    expect(store.states).toEqual(["joining", "active"]);
    expect(agent.member?.state).toBe("active");
  });

  it("renews its lease four times in its time, and serves on", async () => {
    const { clock, store, agent } = setUp();
    await agent.join(MEMBER);
    await clock.advance(TTL_MS * 4);
    expect(store.renewals.slice(0, 4)).toEqual([1_250, 2_500, 3_750, 5_000]);
    expect(agent.guard.isServing()).toBe(true);
  });

  it("counts its lease from when a renewal was sent, not from when it was answered", async () => {
    const { clock, store, agent } = setUp();
    await agent.join(MEMBER);
    store.answerMs = 1_000;
    await clock.advance(2_300);
    store.state = "away";
    // The last renewal was sent at 1,250; nine tenths of the lease from then are its own.
    await clock.advance(5_749 - 2_300);
    expect(agent.guard.isServing()).toBe(true);
    await clock.advance(1);
    expect(agent.guard.isServing()).toBe(false);
  });

  it("tries again soon after a renewal that failed, and goes on when one is answered", async () => {
    const { clock, store, agent, losses } = setUp();
    await agent.join(MEMBER);
    store.state = "away";
    await clock.advance(4_600);
    expect(agent.guard.isServing()).toBe(false);
    store.state = "up";
    await clock.advance(250);
    expect(agent.guard.isServing()).toBe(true);
    expect(losses()).toBe(0);
  });

  it("says once that the lease is gone, and does nothing any more", async () => {
    const { clock, store, agent, losses } = setUp();
    await agent.join(MEMBER);
    store.state = "gone";
    await clock.advance(60_000);
    expect(losses()).toBe(1);
    expect(store.renewals.length).toBe(1);
    expect(agent.guard.isServing()).toBe(false);
    await expect(agent.become("draining")).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
    agent.lose();
    expect(losses()).toBe(1);
    await agent.leave();
    expect(store.listener).toBeUndefined();
    expect(store.isRemoved).toBe(false);
  });

  it("tells that the event loop was blocked, if a renewal comes late", async () => {
    const { clock, agent, said, standStill } = setUp();
    await agent.join(MEMBER);
    await clock.advance(TTL_MS);
    expect(said).toEqual([]);
    standStill(1_500);
    await clock.advance(TTL_MS);
    expect(said).toEqual([{ event: "event_loop_blocked", lateMs: 1_500 }]);
  });

  it("learns from a change of its own state that its record is gone", async () => {
    const { store, agent, losses } = setUp();
    await agent.join(MEMBER);
    store.state = "gone";
    await expect(agent.become("active")).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
    expect(losses()).toBe(1);
  });

  it("leaves: takes its record away, stops to serve, and is told of no view any more", async () => {
    const { clock, store, views, agent, losses } = setUp();
    await agent.join(MEMBER);
    const { listener } = store;
    await agent.leave();
    await agent.leave();
    expect(store.isRemoved).toBe(true);
    expect(agent.guard.isServing()).toBe(false);
    listener?.onView({ revision: 9, members: [] });
    await clock.advance(60_000);
    expect(views.filter((revision) => revision > 1)).toEqual([]);
    expect(store.renewals).toEqual([]);
    expect(losses()).toBe(0);
  });
});
