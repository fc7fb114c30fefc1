import { VirtualClock } from "@troupe/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeadlineTimer } from "./deadline-timer.ts";

describe("a deadline timer", () => {
  it("fires at the earliest deadline, also if that was told later", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const timer = new DeadlineTimer(clock, (now) => fired.push(now));
    timer.expect(50);
    timer.expect(20);
    timer.expect(30);
    await clock.advance(19);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([20]);
    await clock.advance(100);
    expect(fired).toEqual([20]);
  });

  it("fires at once for a deadline that has passed", async () => {
    const clock = new VirtualClock();
    await clock.advance(10);
    const fired: number[] = [];
    new DeadlineTimer(clock, (now) => fired.push(now)).expect(3);
    await clock.advance(0);
    expect(fired).toEqual([10]);
  });

  it("does not fire after it was stopped, and can be used again", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const timer = new DeadlineTimer(clock, (now) => fired.push(now));
    timer.expect(10);
    timer.stop();
    await clock.advance(100);
    expect(fired).toEqual([]);
    timer.expect(110);
    await clock.advance(10);
    expect(fired).toEqual([110]);
  });

  it("holds one timer of the clock however many deadlines it is told", () => {
    const clock = new VirtualClock();
    const timer = new DeadlineTimer(clock, () => undefined);
    for (let deadline = 100; deadline > 0; deadline--) timer.expect(deadline);
    expect(clock.pending).toBe(1);
  });

  it("serves each deadline within its millisecond if its owner tells those that remain", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 30 }),
        async (deadlines) => {
          const clock = new VirtualClock();
          const open = [...deadlines];
          const served: { readonly deadline: number; readonly at: number }[] = [];
          const timer = new DeadlineTimer(clock, (now) => {
            for (const deadline of open.splice(0)) {
              if (deadline <= now) served.push({ deadline, at: now });
              else {
                open.push(deadline);
                timer.expect(deadline);
              }
            }
          });
          for (const deadline of deadlines) timer.expect(deadline);
          await clock.advance(1_000);
          expect(served.length).toBe(deadlines.length);
          for (const { deadline, at } of served) expect(at - deadline).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 20 },
    );
  });
});
