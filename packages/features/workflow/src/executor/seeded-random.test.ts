import { expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.ts";

const draw = (seed: string): unknown[] => {
  const random = new SeededRandom(seed);
  return [random.next(), random.uuid(), random.next(), random.uuid()];
};

it("gives the same numbers and ids for the same seed, and others for another", () => {
  expect(draw("one")).toEqual(draw("one"));
  expect(draw("one")).not.toEqual(draw("two"));
});

it("spreads its numbers evenly, and makes well-formed ids", () => {
  const random = new SeededRandom("any");
  const numbers = Array.from({ length: 10_000 }, () => random.next());
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  expect(mean).toBeGreaterThan(0.48);
  expect(mean).toBeLessThan(0.52);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const ids = new Set(Array.from({ length: 1_000 }, () => random.uuid()));
  expect(ids.size).toBe(1_000);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
