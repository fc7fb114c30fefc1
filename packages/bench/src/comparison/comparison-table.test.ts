import { expect, it } from "vitest";
import type { Cell, Row } from "./compare-row.ts";
import { comparisonTable } from "./comparison-table.ts";
import type { Figures, Work } from "./work.ts";

const WORK: Work = {
  kind: "calls",
  name: "errand",
  what: "errands",
  shown: [
    { figure: "rate", title: "errands a second" },
    { figure: "p50", title: "errand, p50, ms" },
  ],
  actors: 1,
  inFlight: 1,
};

function measured(figures: Partial<Figures>, durable: string): Cell {
  return {
    kind: "measured",
    figures: { rate: null, cpu: null, p50: null, p99: null, ...figures },
    durable,
  };
}

function cellsOf(table: string, title: string): string[] {
  const line = table.split("\n").find((candidate) => candidate.includes(title)) ?? "";
  return line
    .split("│")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

it("has a line for each figure and a column for each contestant, with what is durable below", () => {
  const cells: Row["cells"] = {
    quick: measured({ rate: 12_345, p50: 0.1234 }, "in memory"),
    careful: measured({ rate: 345 }, "on disk"),
    idle: { kind: "cannot" },
    broken: { kind: "failed", reason: "it fell over" },
  };
  const table = comparisonTable(
    [{ work: WORK, cells }],
    ["quick", "careful", "idle", "broken", "absent"],
  );
  expect(cellsOf(table, "errands a second")).toEqual(["12,300 (a)", "345 (b)", "-", "failed", "-"]);
  expect(cellsOf(table, "errand, p50, ms")).toEqual(["0.123 (a)", "-", "-", "failed", "-"]);
  expect(table).toContain("(a) in memory\n  (b) on disk");
});

it("gives the same letter to what is durable in the same way", () => {
  const row: Row = {
    work: WORK,
    cells: { one: measured({ rate: 1 }, "in memory"), two: measured({ rate: 2 }, "in memory") },
  };
  const table = comparisonTable([row, row], ["one", "two"]);
  expect(table).not.toContain("(b)");
});
