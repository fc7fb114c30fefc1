import Table from "cli-table3";
import type { BenchResult } from "../bench.ts";

/** The results for people. */
export function resultTable(results: readonly BenchResult[]): string {
  const table = new Table({
    head: ["bench", "value", "unit", "baseline", "ratio", "target", "ok"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "left", "right", "right", "left", "left"],
  });
  for (const { name, value, unit, baseline, ratio, target, ok } of results) {
    table.push([
      name,
      shown(value),
      unit,
      shown(baseline),
      shown(ratio),
      target,
      ok ? "yes" : "no",
    ]);
  }
  return table.toString();
}

function shown(value: number | null): string {
  return value === null ? "-" : value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
