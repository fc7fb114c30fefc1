import Table from "cli-table3";
import type { Cell, Row } from "./compare-row.ts";
import type { FigureName } from "./work.ts";

/**
 * The rows for people: a line for each figure, a column for each contestant, and below it what each
 * cell did durably.
 */
export function comparisonTable(rows: readonly Row[], contestants: readonly string[]): string {
  const marks = marksOf(rows);
  const table = new Table({
    head: ["", ...contestants],
    style: { head: [], border: [] },
    colAligns: ["left", ...contestants.map(() => "right" as const)],
  });
  for (const { work, cells } of rows) {
    for (const { figure, title } of work.shown) {
      table.push([title, ...contestants.map((name) => shown(cells[name], figure, marks))]);
    }
  }
  const notes = [...marks].map(([durable, mark]) => `  (${mark}) ${durable}`);
  return [
    table.toString(),
    "What is durable when the caller is told that it is done:",
    ...notes,
  ].join("\n");
}

/** A letter for each way of being durable, in the order in which they appear. */
function marksOf(rows: readonly Row[]): ReadonlyMap<string, string> {
  const found = rows.flatMap(({ cells }) =>
    Object.values(cells).flatMap((cell) => (cell.kind === "measured" ? cell.durable : [])),
  );
  return new Map(
    [...new Set(found)].map((durable, index) => [
      durable,
      String.fromCodePoint("a".charCodeAt(0) + index),
    ]),
  );
}

function shown(
  cell: Cell | undefined,
  figure: FigureName,
  marks: ReadonlyMap<string, string>,
): string {
  switch (cell?.kind) {
    case undefined:
    case "cannot":
      return "-";
    case "failed":
      return "failed";
    case "measured": {
      const value = cell.figures[figure];
      if (value === null) return "-";
      return `${value.toLocaleString("en", { maximumSignificantDigits: 3 })} (${marks.get(cell.durable) ?? "?"})`;
    }
  }
}
