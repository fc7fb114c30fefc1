import Table from "cli-table3";
import { printableLine } from "./printable-text.ts";

/** Text, a number, or a number with its unit. */
export type Cell = string | number | { readonly number: string };

/**
 * A table for people. Numbers stand right. Text is shown so that no actor id or error message can
 * steer the terminal.
 */
export function textTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push(row.map((cell) => shownCell(cell)));
  return table.toString();
}

function shownCell(cell: Cell): { readonly content: string; readonly hAlign?: "right" } {
  if (typeof cell === "string") return { content: printableLine(cell) };
  return { hAlign: "right", content: typeof cell === "number" ? String(cell) : cell.number };
}

/** A moment as people and programs read it alike; the same as text for what is not a moment. */
export function momentText(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}
