import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { sleep, withTimeout } from "./clock.ts";

describe("sleep", () => {
  it("resolves when its time has passed", async () => {
    const clock = new VirtualClock();
    await clock.run(sleep(clock, 1_500));
    expect(clock.monotonic()).toBe(1_500);
  });
});

describe("withTimeout", () => {
  it("gives the promise's outcome and leaves no timer", async () => {
    const clock = new VirtualClock();
    expect(
      await clock.run(withTimeout(clock, 1_000, Promise.resolve("in time"), () => "late")),
    ).toBe("in time");
    expect(clock.pending).toBe(0);
  });

  it("gives the promise's rejection", async () => {
    const clock = new VirtualClock();
    const failing = withTimeout(clock, 1_000, Promise.reject(new Error("broken")), () => "late");
    await expect(clock.run(failing)).rejects.toThrow("broken");
  });

  it("gives the fallback, or what it throws, when time is up", async () => {
    const clock = new VirtualClock();
    const never = new Promise<string>(() => undefined);
    expect(await clock.run(withTimeout(clock, 1_000, never, () => "late"))).toBe("late");
    expect(clock.monotonic()).toBe(1_000);
    const failing = withTimeout(clock, 1_000, never, () => {
      throw new Error("too late");
    });
    await expect(clock.run(failing)).rejects.toThrow("too late");
  });
});
