import { systemClock } from "@troupe/core";
import { describe, expect, it } from "vitest";
import type { BenchContext } from "../bench.ts";
import { compare } from "./compare.ts";

function contextOf(rounds: number): BenchContext {
  return {
    clock: systemClock,
    rounds,
    quick: true,
    storage: "file",
    profile: undefined,
    hang: false,
    minutes: 1,
    folder: "",
    progress() {},
  };
}

describe("compare", () => {
  it("takes the median of each round's own ratio, so that a slow round slows both", async () => {
    const ours = [0, 10, 1, 40];
    const baseline = [0, 20, 2, 40];
    const measured = await compare(contextOf(3), {
      ours: async () => ours.shift() ?? 0,
      baseline: async () => baseline.shift() ?? 0,
    });
    expect(measured).toMatchObject({ value: 10, baseline: 20, ratio: 0.5 });
  });

  it("measures both in turn, after a round that does not count", async () => {
    const order: string[] = [];
    await compare(contextOf(2), {
      ours: async () => order.push("ours"),
      baseline: async () => order.push("baseline"),
    });
    expect(order).toEqual(["baseline", "ours", "baseline", "ours", "baseline", "ours"]);
  });
});
