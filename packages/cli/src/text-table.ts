import Table from "cli-table3";

/**
 * A table for people. Numbers stand right. Text is shown so that no actor id or error message can
 * steer the terminal.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) {
    table.push(
      row.map((cell) =>
        typeof cell === "number"
          ? { hAlign: "right" as const, content: String(cell) }
          : { content: withoutControls(cell) },
      ),
    );
  }
  return table.toString();
}

/** A moment as people and programs read it alike; the same as text for what is no moment. */
export function momentText(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}

function withoutControls(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
