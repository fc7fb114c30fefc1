import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { isStartedByNpm, watchParent } from "./orphan-watch.ts";

it("notices within a second, and once, that the parent has ended", async () => {
  const clock = new VirtualClock();
  let parent = 500;
  let noticed = 0;
  watchParent(
    clock,
    () => parent,
    () => noticed++,
  );
  await clock.advance(10_000);
  expect(noticed).toBe(0);
  parent = 1;
  await clock.advance(1_000);
  expect(noticed).toBe(1);
  await clock.advance(10_000);
  expect(noticed).toBe(1);
});

it("knows that npm started the process by what npm says to it", () => {
  expect(isStartedByNpm({ npm_command: "exec" })).toBe(true);
  expect(isStartedByNpm({ PATH: "/bin" })).toBe(false);
});
