import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { CallRate } from "./call-rate.ts";

describe("a call rate", () => {
  it("is nothing before any time has passed", () => {
    expect(new CallRate(new VirtualClock()).perSecond(100)).toBe(0);
  });

  it("is the rate since the start at first", async () => {
    const clock = new VirtualClock();
    const rate = new CallRate(clock);
    await clock.advance(2_000);
    expect(rate.perSecond(100)).toBe(50);
  });

  it("follows the last seconds if somebody asks again and again", async () => {
    const clock = new VirtualClock();
    const rate = new CallRate(clock);
    let total = 0;
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000);
      total += 1_000;
      rate.perSecond(total);
    }
    for (let second = 0; second < 10; second++) {
      await clock.advance(1_000);
      rate.perSecond(total);
    }
    expect(rate.perSecond(total)).toBe(0);
  });
});
