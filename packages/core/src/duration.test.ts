import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  it.each([
    [0, 0],
    [250, 250],
    [0.5, 0.5],
    ["0ms", 0],
    ["250ms", 250],
    ["1.5s", 1_500],
    ["5 s", 5_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["1w", 604_800_000],
  ])("reads %j as %d ms", (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  it.each([
    -1,
    NaN,
    Infinity,
    "",
    "5",
    "s",
    "-1s",
    "+1s",
    " 5s",
    "5s ",
    "5  s",
    "5S",
    "1e3ms",
    ".5s",
    "5.s",
    "1,5s",
    "1h30m",
    null,
    {},
  ])("refuses %j", (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  it("refuses a number that is too large to be one", () => {
    expect(parseDuration(`${"9".repeat(400)}d`)).toBeUndefined();
  });

  it("gives a finite number of at least 0, or nothing, for any text", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{1,400}(\.\d+)?(ms|s|m|h|d|w)$/)),
        (text) => {
          const ms = parseDuration(text) ?? 0;
          expect(Number.isFinite(ms) && ms >= 0).toBe(true);
        },
      ),
    );
  });
});
