import { expect, it } from "vitest";
import { Lanes } from "./lanes.ts";

it("runs the tasks of a lane in order, one at a time, also after one that fails", async () => {
  const lanes = new Lanes();
  const log: string[] = [];
  const task =
    (name: string, fails = false) =>
    async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const outcomes = await Promise.allSettled([
    lanes.run("x", task("a", true)),
    lanes.run("x", task("b")),
    lanes.run("x", task("c")),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

it("does not let one lane wait for another", async () => {
  const lanes = new Lanes();
  void lanes.run("slow", () => new Promise(() => undefined));
  expect(await lanes.run("quick", async () => 1)).toBe(1);
});
