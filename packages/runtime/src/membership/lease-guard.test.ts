import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { LeaseGuard } from "./lease-guard.ts";

describe("a lease guard", () => {
  it("does not serve before a lease was confirmed", () => {
    expect(new LeaseGuard(new VirtualClock(), "strict").isServing()).toBe(false);
  });

  it("serves until the time of the last confirmed renewal is over, counted from its sending", async () => {
    const clock = new VirtualClock();
    const guard = new LeaseGuard(clock, "strict");
    await clock.advance(300);
    guard.confirm(100, 900);
    expect(guard.isServing()).toBe(true);
    await clock.advance(699);
    expect(guard.isServing()).toBe(true);
    await clock.advance(1);
    expect(guard.isServing()).toBe(false);
  });

  it("is not shortened by an answer that comes late", async () => {
    const clock = new VirtualClock();
    const guard = new LeaseGuard(clock, "strict");
    guard.confirm(500, 900);
    guard.confirm(100, 900);
    await clock.advance(1_399);
    expect(guard.isServing()).toBe(true);
  });

  it("lets who waits go on when the lease is confirmed again, and not by an answer that is too old", async () => {
    const clock = new VirtualClock();
    const guard = new LeaseGuard(clock, "strict");
    await clock.advance(1_000);
    let told: boolean | undefined;
    void guard.serving().then((isServing) => (told = isServing));
    guard.confirm(0, 900);
    await clock.advance(0);
    expect(told).toBeUndefined();
    guard.confirm(900, 900);
    await clock.advance(0);
    expect(told).toBe(true);
    expect(await guard.serving()).toBe(true);
  });

  it("tells who waits that it is over when the lease is revoked, and is not brought back", async () => {
    const clock = new VirtualClock();
    const guard = new LeaseGuard(clock, "strict");
    const waiting = guard.serving();
    guard.revoke();
    expect(await waiting).toBe(false);
    guard.confirm(0, 10_000);
    expect(guard.isServing()).toBe(false);
    expect(await guard.serving()).toBe(false);
  });

  it("does not care for jumps of the wall clock", async () => {
    const clock = new VirtualClock();
    const guard = new LeaseGuard(clock, "strict");
    guard.confirm(0, 900);
    clock.jumpWall(86_400_000);
    expect(guard.isServing()).toBe(true);
    clock.jumpWall(-172_800_000);
    await clock.advance(900);
    expect(guard.isServing()).toBe(false);
  });

  it("whose policy is available serves beyond its lease, until it is told that the lease is gone", async () => {
    const clock = new VirtualClock();
    const guard = new LeaseGuard(clock, "available");
    expect(guard.isServing()).toBe(false);
    guard.confirm(0, 900);
    expect(guard.isCertain()).toBe(true);
    await clock.advance(100_000);
    expect([guard.isServing(), guard.isCertain()]).toEqual([true, false]);
    guard.revoke();
    expect(guard.isServing()).toBe(false);
    expect(await guard.serving()).toBe(false);
  });
});
