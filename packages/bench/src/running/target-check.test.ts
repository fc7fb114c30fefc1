import { describe, expect, it } from "vitest";
import type { Target } from "../bench.ts";
import { describeTarget, holds, reaches } from "./target-check.ts";

const ATLEAST: Target = { of: "ratio", sense: "at-least", limit: 0.35 };
const ATMOST: Target = { of: "value", sense: "at-most", limit: 1_000 };

describe("a target", () => {
  it("is reached at its limit, from the right side", () => {
    expect(reaches(ATLEAST, { value: 0, ratio: 0.35 })).toBe(true);
    expect(reaches(ATLEAST, { value: 9, ratio: 0.34 })).toBe(false);
    expect(reaches(ATMOST, { value: 1_000, ratio: null })).toBe(true);
    expect(reaches(ATMOST, { value: 1_001, ratio: null })).toBe(false);
  });

  it("is not reached by a ratio that there is not", () => {
    expect(reaches(ATLEAST, { value: 1, ratio: null })).toBe(false);
  });

  it("is reached if there is none", () => {
    expect(reaches(undefined, { value: 1, ratio: null })).toBe(true);
  });

  it("is shown with its sense", () => {
    expect([ATLEAST, ATMOST, undefined].map(describeTarget)).toEqual([
      "ratio >= 0.35",
      "value <= 1000",
      "none",
    ]);
  });
});

it("holds a check at its limit, from the right side", () => {
  const check = { what: "lost", value: 0, limit: 0 };
  expect(holds({ ...check, sense: "at-most" })).toBe(true);
  expect(holds({ ...check, sense: "at-most", value: 1 })).toBe(false);
  expect(holds({ ...check, sense: "at-least", value: -1 })).toBe(false);
});
