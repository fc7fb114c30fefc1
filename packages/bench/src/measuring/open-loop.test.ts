import { sleep, TroupeError } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { openLoop } from "./open-loop.ts";

it("makes calls at its rate, whether or not they were answered, and counts what became of them", async () => {
  const clock = new VirtualClock();
  let made = 0;
  const result = await clock.run(
    openLoop({ clock, durationMs: 1_000, rate: 100 }, async () => {
      made++;
      if (made % 4 === 0) throw new TroupeError("MAILBOX_FULL", "full");
      await sleep(clock, 500);
    }),
  );
  expect(made).toBeGreaterThanOrEqual(99);
  expect(result.answered + (result.failures["MAILBOX_FULL"] ?? 0)).toBe(made);
  expect(result).toMatchObject({ p50Ms: 500, p99Ms: 500, refusalP50Ms: 0, refusalP99Ms: 0 });
  expect(result.underWayMax).toBeGreaterThan(35);
  expect(result.underWayMax).toBeLessThan(40);
});

it("keeps to the calls that may be under way", async () => {
  const clock = new VirtualClock();
  const result = await clock.run(
    openLoop({ clock, durationMs: 1_000, rate: 1_000, inFlightMax: 2 }, () => sleep(clock, 100)),
  );
  expect(result.answered).toBeLessThanOrEqual(22);
  expect(result.underWayMax).toBe(2);
});
