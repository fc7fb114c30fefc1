/**
 * A line of a CSV text as its fields, or why it is none. `line` is the number of its first line,
 * from 1.
 */
export type CsvRecord =
  | { readonly kind: "fields"; readonly line: number; readonly fields: readonly string[] }
  | { readonly kind: "bad"; readonly line: number; readonly reason: string };

const FIELD = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/gy;

/**
 * The records of a CSV text (RFC 4180, but a field ends with its line): commas, fields in double
 * quotes, quotes doubled in them. Empty lines are left out. A bad line costs no other one.
 */
export function parseCsv(text: string): CsvRecord[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .map((content, index) => parseLine(content, index + 1))
    .filter((record) => record.kind === "bad" || record.fields.some((field) => field !== ""));
}

function parseLine(content: string, line: number): CsvRecord {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (;;) {
    const match = FIELD.exec(content);
    if (match === null)
      return { kind: "bad", line, reason: "a double quote stands where none can" };
    const [, quoted, plain = "", end] = match;
    fields.push((quoted === undefined ? plain : quoted.replaceAll('""', '"')).trim());
    if (end === "") return { kind: "fields", line, fields };
  }
}
