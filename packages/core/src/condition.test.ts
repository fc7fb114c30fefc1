import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { Condition } from "./condition.ts";

describe("a condition", () => {
  it("is looked at once at the start", async () => {
    const condition = new Condition(new VirtualClock());
    expect(await condition.wait(() => true, 1_000)).toBe(true);
  });

  it("is looked at again when somebody notifies, and at no other time", async () => {
    const clock = new VirtualClock();
    const condition = new Condition(clock);
    let looks = 0;
    const held = condition.wait(() => ++looks === 3, 1_000);
    await clock.advance(500);
    expect(looks).toBe(1);
    condition.notify();
    condition.notify();
    expect(await held).toBe(true);
    condition.notify();
    expect(looks).toBe(3);
  });

  it("gives up when its time is over, and is not looked at any more", async () => {
    const clock = new VirtualClock();
    const condition = new Condition(clock);
    let looks = 0;
    const held = condition.wait(() => ++looks > 9, 1_000);
    await clock.advance(1_000);
    expect(await held).toBe(false);
    condition.notify();
    expect(looks).toBe(1);
  });

  it("rejects with what the look throws", async () => {
    const condition = new Condition(new VirtualClock());
    let isOver = false;
    const held = condition.wait(() => {
      if (isOver) throw new Error("over");
      return false;
    }, 1_000);
    isOver = true;
    condition.notify();
    await expect(held).rejects.toThrow("over");
  });
});
