import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import type { Counters, Delays } from "./contestant.ts";
import type { Work } from "./work.ts";
import { WorkMeter } from "./work-meter.ts";

const CALLS: Work = {
  kind: "calls",
  name: "calls",
  what: "calls",
  shown: [],
  actors: 4,
  inFlight: 2,
};
const DELAYS: Work = {
  kind: "delays",
  name: "delays",
  what: "delays",
  shown: [],
  actors: 20,
  inFlight: 2,
};

function passing(clock: VirtualClock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(milliseconds, resolve);
  });
}

/** Counters that take this long, and forget every so manieth call. */
function countersOf(clock: VirtualClock, tookMs: number, forgetEvery = Infinity): Counters {
  const totals = new Map<string, number>();
  let calls = 0;
  return {
    kind: "counters",
    async add(id) {
      await passing(clock, tookMs);
      const total = (totals.get(id) ?? 0) + (++calls % forgetEvery === 0 ? 0 : 1);
      totals.set(id, total);
      return total;
    },
    close: async () => undefined,
  };
}

/** Sets at once, and is so much too late with everything. */
function delaysOf(clock: VirtualClock, lateMs: number): Delays {
  let late: number[] = [];
  return {
    kind: "delays",
    async set(_id, dueAt) {
      await passing(clock, 1);
      clock.schedule(dueAt + lateMs - clock.now(), () => late.push(clock.now() - dueAt));
    },
    async takeLate() {
      const taken = late;
      late = [];
      return taken;
    },
    close: async () => undefined,
  };
}

describe("WorkMeter", () => {
  it("measures calls a second, round after round", async () => {
    const clock = new VirtualClock();
    const meter = new WorkMeter(CALLS, countersOf(clock, 10), { clock, quick: false });
    expect(await clock.run(meter.round())).toMatchObject({ rate: 200, p50: null, p99: null });
    expect(await clock.run(meter.round())).toMatchObject({ rate: 200, p50: null, p99: null });
  });

  it("measures how long a call takes when it is alone", async () => {
    const clock = new VirtualClock();
    const meter = new WorkMeter({ ...CALLS, inFlight: 1 }, countersOf(clock, 10), {
      clock,
      quick: false,
    });
    expect(await clock.run(meter.round())).toMatchObject({ rate: 100, p50: 10, p99: 10 });
  });

  it("fails a contestant that has not counted every call", async () => {
    const clock = new VirtualClock();
    const meter = new WorkMeter(CALLS, countersOf(clock, 10, 7), { clock, quick: true });
    await expect(clock.run(meter.round())).rejects.toThrow(/a counter is at \d+ after \d+ calls/);
  });

  it("measures how many are set in a second, and how late they are", async () => {
    const clock = new VirtualClock();
    const meter = new WorkMeter(DELAYS, delaysOf(clock, 12), { clock, quick: false });
    expect(await clock.run(meter.round())).toMatchObject({ rate: 2_000, p50: 12, p99: 12 });
  });

  it("does not wait for ever for what does not happen", async () => {
    const clock = new VirtualClock();
    const meter = new WorkMeter(DELAYS, delaysOf(clock, 100_000), { clock, quick: false });
    await expect(clock.run(meter.round())).rejects.toThrow("only 0 of 20 have happened");
  });
});
