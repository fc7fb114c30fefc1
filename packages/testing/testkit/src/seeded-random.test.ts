import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";

function take(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

describe("seededRandom", () => {
  it("gives the same numbers for the same seed, today and in every version", () => {
    expect(take(42, 1_000)).toEqual(take(42, 1_000));
    expect(take(1, 3).map((number) => Math.floor(number * 1_000))).toEqual([627, 2, 527]);
  });

  it("gives other numbers for another seed", () => {
    expect(new Set([1, 2, 3, -1, 2 ** 31].flatMap((seed) => take(seed, 20))).size).toBe(100);
  });

  it("spreads over the whole of [0, 1)", () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const number of take(7, 10_000))
      counts[Math.floor(number * 10)] = (counts[Math.floor(number * 10)] ?? 0) + 1;
    expect(counts.length).toBe(10);
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
