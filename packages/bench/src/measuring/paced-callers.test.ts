import { TroupeError } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { PacedCallers } from "./paced-callers.ts";

it("knows what became of every call, and the longest time without an answer", async () => {
  const clock = new VirtualClock();
  let call = 0;
  const callers = new PacedCallers({ clock, callers: 1, pauseMs: 10 }, async () => {
    call++;
    if (call === 3) throw new TroupeError("SILO_LOST", "gone");
    if (call === 4) throw new TroupeError("OVERLOADED", "full");
  });
  await clock.run(callers.untilAnswered(5, 1_000));
  await clock.run(callers.stop());
  expect(callers.records[0]).toMatchObject({ unknown: 1, worstGapMs: 30 });
  expect(callers.records[0]?.acknowledged).toBe(call - 2);
  expect([...callers.failures]).toEqual([
    ["SILO_LOST", 1],
    ["OVERLOADED", 1],
  ]);
  expect(callers.failed).toBe(2);
});

it("says which failures there were when an answer does not come", async () => {
  const clock = new VirtualClock();
  const callers = new PacedCallers({ clock, callers: 1, pauseMs: 10 }, () =>
    Promise.reject(new TroupeError("TIMEOUT", "late")),
  );
  await expect(clock.run(callers.untilAnswered(1, 100))).rejects.toThrow(
    /no answer for 100 ms.*TIMEOUT/,
  );
  await clock.run(callers.stop());
});
