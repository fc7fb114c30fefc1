import { describe, expect, it } from "vitest";
import { outageOf, quantile, type TimedCall } from "./outage.ts";

function answered(startedAt: number, endedAt: number): TimedCall {
  return { startedAt, endedAt, answered: true };
}

function failed(startedAt: number, endedAt: number): TimedCall {
  return { startedAt, endedAt, answered: false };
}

describe("outageOf", () => {
  it("is how long the slowest call waited, if none failed", () => {
    expect(
      outageOf([answered(0, 5), answered(10, 110), answered(20, 110), answered(120, 125)], 0),
    ).toBe(100);
  });

  it("counts from a call that failed until any later one had its answer", () => {
    expect(outageOf([answered(0, 5), failed(10, 15), failed(20, 25), answered(300, 310)], 0)).toBe(
      300,
    );
  });

  it("leaves out what was before", () => {
    expect(outageOf([answered(0, 500), answered(600, 605)], 550)).toBe(5);
  });

  it("is without end if no answer came any more", () => {
    expect(outageOf([answered(0, 5), failed(10, 15)], 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("quantile", () => {
  it("gives a value that is there", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 0.99)).toBe(4);
    expect(quantile([], 0.5)).toBeUndefined();
  });
});
