import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { callRate, latencies, localCallRate, rateOfAll } from "./call-rate.ts";

/** Calls that take this much of the clock's time, and how many of them were under way at most. */
function callsOf(clock: VirtualClock, tookMs: number) {
  const seen = { calls: 0, most: 0 };
  let underWay = 0;
  const call = async (): Promise<void> => {
    seen.calls++;
    seen.most = Math.max(seen.most, ++underWay);
    await new Promise<void>((resolve) => {
      clock.schedule(tookMs, resolve);
    });
    underWay--;
  };
  return { seen, call };
}

describe("callRate", () => {
  it("counts calls a second, with so many under way", async () => {
    const clock = new VirtualClock();
    const { seen, call } = callsOf(clock, 10);
    const rate = await clock.run(callRate({ clock, inFlight: 5, durationMs: 1_000 }, call));
    expect(rate).toBe(500);
    expect(seen.most).toBe(5);
  });
});

describe("rateOfAll", () => {
  it("makes each of the calls once", async () => {
    const clock = new VirtualClock();
    const { seen, call } = callsOf(clock, 10);
    const rate = await clock.run(rateOfAll({ clock, inFlight: 4 }, 100, call));
    expect(seen).toEqual({ calls: 100, most: 4 });
    expect(rate).toBe(400);
  });
});

describe("localCallRate", () => {
  it("lets the event loop turn between calls that never wait for it", async () => {
    const clock = new VirtualClock();
    let turned = false;
    setImmediate(() => {
      turned = true;
      void clock.advance(1_000);
    });
    await localCallRate({ clock, inFlight: 2, durationMs: 1_000 }, () => Promise.resolve());
    expect(turned).toBe(true);
  });
});

describe("latencies", () => {
  it("makes one call after the other, and gives what each took", async () => {
    const clock = new VirtualClock();
    const { seen, call } = callsOf(clock, 7);
    expect(await clock.run(latencies(clock, 3, call))).toEqual([7, 7, 7]);
    expect(seen.most).toBe(1);
  });
});
