import * as fc from "fast-check";
import { sleep } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { offsetClock } from "./offset-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  it("stands still until it is told to go on", async () => {
    const clock = new VirtualClock({ now: 1_000 });
    let called = false;
    clock.schedule(5, () => (called = true));
    await clock.advance(4);
    expect([called, clock.monotonic(), clock.now()]).toEqual([false, 4, 1_004]);
    await clock.advance(1);
    expect([called, clock.monotonic(), clock.now()]).toEqual([true, 5, 1_005]);
  });

  it("calls in order of time, and within one time in the order of scheduling", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 200 }),
        async (delays) => {
          const clock = new VirtualClock();
          const calls: [number, number][] = [];
          const timers = delays.map(([delayMs], index) =>
            clock.schedule(delayMs, () => calls.push([clock.monotonic(), index])),
          );
          for (const [index, [, cancelled]] of delays.entries())
            if (cancelled) timers[index]?.cancel();
          const expected = delays.flatMap(([delayMs, cancelled], index): [number, number][] =>
            cancelled ? [] : [[delayMs, index]],
          );
          expect(clock.pending).toBe(expected.length);
          await clock.advance(20);
          expect(calls).toEqual(expected.toSorted(([a, i], [b, j]) => a - b || i - j));
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("lets async code go on between two callbacks of one time", async () => {
    const clock = new VirtualClock();
    const steps: string[] = [];
    const walk = async (name: string): Promise<void> => {
      await sleep(clock, 10);
      steps.push(`${name} woke`);
      await Promise.resolve();
      await Promise.resolve();
      steps.push(`${name} went on`);
    };
    const walks = Promise.all([walk("a"), walk("b")]);
    await clock.advance(10);
    await walks;
    expect(steps).toEqual(["a woke", "a went on", "b woke", "b went on"]);
  });

  it("runs what is scheduled while it advances, as far as the time goes", async () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(clock.monotonic());
      clock.schedule(10, tick);
    };
    clock.schedule(0, tick);
    await clock.advance(35);
    expect(ticks).toEqual([0, 10, 20, 30]);
  });

  it("runs until a promise settles, over any time, and gives its outcome", async () => {
    const clock = new VirtualClock();
    const work = async (): Promise<string> => {
      for (let step = 0; step < 24; step++) await sleep(clock, 3_500_000);
      return "done";
    };
    expect(await clock.run(work())).toBe("done");
    expect(clock.monotonic()).toBe(84_000_000);
    await expect(clock.run(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("says that a promise never settles, when nothing is scheduled or the limit has passed", async () => {
    const clock = new VirtualClock();
    const never = new Promise<void>(() => undefined);
    await expect(clock.run(never)).rejects.toThrow("nothing is scheduled");
    await expect(clock.run(sleep(clock, 1_001), 1_000)).rejects.toThrow(
      "not settled after 1000 ms",
    );
  });

  it("passes on what a callback throws", async () => {
    const clock = new VirtualClock();
    clock.schedule(1, () => {
      throw new Error("in a callback");
    });
    await expect(clock.advance(1)).rejects.toThrow("in a callback");
    await clock.advance(1);
  });

  it("is driven by one at a time", async () => {
    const clock = new VirtualClock();
    const first = clock.advance(1);
    await expect(clock.advance(1)).rejects.toThrow("driven already");
    await first;
  });

  it("moves the wall clock alone, and no timer with it", async () => {
    const clock = new VirtualClock({ now: 1_000_000 });
    let called = false;
    clock.schedule(100, () => (called = true));
    clock.jumpWall(-500_000);
    clock.jumpWall(1_000);
    await clock.advance(99);
    expect([called, clock.now(), clock.monotonic()]).toEqual([false, 501_099, 99]);
    await clock.advance(1);
    expect(called).toBe(true);
  });

  it("forgets cancelled timers, however many", async () => {
    const clock = new VirtualClock();
    const calls: number[] = [];
    clock.schedule(7, () => calls.push(7));
    for (let index = 0; index < 50_000; index++) clock.schedule(5, () => calls.push(5)).cancel();
    clock.schedule(6, () => calls.push(6));
    expect(clock.pending).toBe(2);
    await clock.advance(10);
    expect(calls).toEqual([6, 7]);
  });
});

describe("offsetClock", () => {
  it("passes with its clock, from elsewhere", async () => {
    const clock = new VirtualClock({ now: 1_000 });
    const other = offsetClock(clock, { monotonicMs: 50, wallMs: -7 });
    let calledAt = 0;
    other.schedule(5, () => (calledAt = other.monotonic()));
    await clock.advance(5);
    expect([calledAt, other.monotonic(), other.now()]).toEqual([55, 55, 998]);
  });
});
