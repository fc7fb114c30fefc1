import { describe, expect, it } from "vitest";
import { sleep } from "./clock.ts";
import { systemClock } from "./system-clock.ts";

describe("systemClock", () => {
  it("never calls before the delay has passed on its own monotonic clock", async () => {
    for (let round = 0; round < 100; round++) {
      const delayMs = 0.25 + (round % 4);
      const from = systemClock.monotonic();
      await sleep(systemClock, delayMs);
      expect(systemClock.monotonic() - from).toBeGreaterThanOrEqual(delayMs);
    }
  });

  it("does not call what was cancelled, and takes a second cancel", async () => {
    let calls = 0;
    const timer = systemClock.schedule(1, () => calls++);
    timer.cancel();
    timer.cancel();
    await sleep(systemClock, 5);
    expect(calls).toBe(0);
  });

  it("waits for delays that are longer than a timer of Node.js can be", async () => {
    const calls: number[] = [];
    const timers = [2 ** 31, 2 ** 32 + 5, 1e15, Infinity].map((delayMs) =>
      systemClock.schedule(delayMs, () => calls.push(delayMs)),
    );
    await sleep(systemClock, 5);
    expect(calls).toEqual([]);
    for (const timer of timers) timer.cancel();
  });

  it("calls at once when the delay is over already", async () => {
    await sleep(systemClock, -5);
    await sleep(systemClock, 0);
  });
});
