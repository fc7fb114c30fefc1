import { sleep } from "@troupe/core";
import { seededRandom, VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { type ClockOffsets, SimProcess } from "./sim-process.ts";

const PLAIN: ClockOffsets = { monotonicMs: 0, wallMs: 0, rate: 1 };

function start(facts: ClockOffsets = PLAIN): {
  readonly world: VirtualClock;
  readonly process: SimProcess;
} {
  const world = new VirtualClock();
  return { world, process: new SimProcess({ name: "one", world, random: seededRandom(1) }, facts) };
}

describe("a simulated process", () => {
  it("takes what reaches it at once while it runs", () => {
    const { process } = start();
    const steps: string[] = [];
    process.enter("a", () => steps.push("in"));
    process.act(() => steps.push("out"));
    expect(steps).toEqual(["in", "out"]);
  });

  it("makes no step while it is paused, and afterwards every one, in the order of each channel", async () => {
    const { world, process } = start();
    const steps: string[] = [];
    void sleep(process.clock, 10).then(() => steps.push("timer"));
    process.pause();
    for (const name of ["a1", "a2", "a3"]) process.enter("a", () => steps.push(name));
    for (const name of ["b1", "b2"]) process.enter("b", () => steps.push(name));
    await world.advance(100);
    expect(steps).toEqual([]);

    process.resume();
    process.enter("a", () => steps.push("a4"));
    await world.advance(0);
    expect(steps).toHaveLength(7);
    expect(steps.filter((name) => name.startsWith("a"))).toEqual(["a1", "a2", "a3", "a4"]);
    expect(steps.filter((name) => name.startsWith("b"))).toEqual(["b1", "b2"]);
  });

  it("never makes a step again once it is dead, whatever it was waiting for", async () => {
    const { world, process } = start();
    const steps: string[] = [];
    const life = async (): Promise<void> => {
      await sleep(process.clock, 10);
      process.act(() => steps.push("lived on"));
    };
    void life();
    process.pause();
    process.enter("a", () => steps.push("waited"));
    process.die();
    process.resume();
    process.enter("a", () => steps.push("came later"));
    await world.advance(100);
    expect(steps).toEqual([]);
  });

  it("can be stopped between two of its effects, and then holds what it does in the same instant", async () => {
    const { world, process } = start();
    const effects: number[] = [];
    process.arm({ left: 2, side: "before", blow: () => process.pause() });
    for (const effect of [1, 2, 3]) process.act(() => effects.push(effect));
    expect(effects).toEqual([1]);
    process.resume();
    await world.advance(0);
    expect(effects).toEqual([1, 2, 3]);
  });

  it("can die between two of its effects, and then loses what it does in the same instant", () => {
    const { process } = start();
    const effects: number[] = [];
    process.arm({ left: 2, side: "after", blow: () => process.die() });
    for (const effect of [1, 2, 3]) process.act(() => effects.push(effect));
    expect(effects).toEqual([1, 2]);
  });

  it("has clocks of its own, that go at their own rate and never call early", async () => {
    const { world, process } = start({ monotonicMs: 5_000, wallMs: -200, rate: 1.004 });
    const { clock } = process;
    expect(clock.now()).toBe(world.now() - 200);
    const startedAt = clock.monotonic();
    const fired: number[] = [];
    for (const delay of [1, 7, 333, 1_000])
      clock.schedule(delay, () => fired.push(clock.monotonic() - startedAt - delay));
    await world.advance(2_000);
    expect(fired).toHaveLength(4);
    for (const late of fired) {
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(0.001);
    }
    clock.jumpWall(60_000);
    expect(clock.now()).toBe(world.now() - 200 + 60_000);
  });

  it("does not call a timer that was cancelled while it waited for the process to go on", async () => {
    const { world, process } = start();
    const steps: string[] = [];
    const timer = process.clock.schedule(10, () => steps.push("timer"));
    process.pause();
    await world.advance(20);
    timer.cancel();
    process.resume();
    await world.advance(0);
    expect(steps).toEqual([]);
  });
});
