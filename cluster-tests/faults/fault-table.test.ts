import { describe, expect, it } from "vitest";
import { faultTable, problemsOf } from "./fault-table.ts";
import type { TrialResult } from "./trial.ts";

const CLEAN: TrialResult = {
  fault: "a",
  outages: [40],
  calls: 100,
  lost: [],
  doubled: [],
  wronglyFailed: [],
  other: [],
};

describe("faultTable", () => {
  it("has one line for each fault that was tried, with outages over all of its trials", () => {
    const slow = { ...CLEAN, outages: [20, 1_250], lost: ["operation 7"] };
    expect(faultTable(["b", "a"], [CLEAN, slow]).split("\n").slice(2)).toEqual([
      "| a | 2 | 200 | 40 ms | 1.3 s | 1 | 0 | 0 | 0 |",
    ]);
  });

  it("says so when an outage had no end, or none was measured", () => {
    expect(faultTable(["a"], [{ ...CLEAN, outages: [Number.POSITIVE_INFINITY] }])).toContain(
      "| no end |",
    );
    expect(faultTable(["a"], [{ ...CLEAN, outages: [] }])).toContain("| – |");
  });
});

describe("problemsOf", () => {
  it("is empty for a trial in which nothing went wrong", () => {
    expect(problemsOf(CLEAN)).toEqual([]);
    expect(problemsOf({ ...CLEAN, doubled: ["operation 7"], other: ["a reminder"] })).toEqual([
      "doubled: operation 7",
      "a reminder",
    ]);
  });
});
