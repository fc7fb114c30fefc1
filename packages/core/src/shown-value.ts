import { inspect } from "node:util";

/** Characters of a value that a message shows. */
const SHOWN_MAX = 100;

/**
 * A value that a user gave, as an error message shows it: short, on one line, and so that it can be
 * told from every other: `Infinity` is not `null`, and the text "5" is not the number 5. Never runs
 * code of the value.
 */
export function shownValue(value: unknown): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : inspect(value, {
          depth: 1,
          breakLength: Number.POSITIVE_INFINITY,
          customInspect: false,
          maxStringLength: SHOWN_MAX,
        });
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
