import type { MetadataKind } from "@troupe/core";

/** Read by Go's YAML as octal numbers, which newer YAML reads as decimal ones or as texts. */
const OLD_OCTAL = /^[-+]?0\d+$/;
const OTHER_BASE = /^[-+]?0[bo][0-7]+$/i;
const GROUPED_DIGITS = /^[-+]?\d[\d_]*_[\d_]*$/;
const OLD_BOOLEAN = /^(?:yes|no|on|off)$/i;

/**
 * What would be right instead of a text without quotes that Dapr's YAML reader takes for something
 * else than what is written there; undefined for all others.
 */
export function plainTextProblem(text: string, kind: MetadataKind): string | undefined {
  if (OLD_OCTAL.test(text) || OTHER_BASE.test(text))
    return `Dapr reads this as a number of another base; write ${JSON.stringify(text)} in quotes, or the decimal number`;
  if (GROUPED_DIGITS.test(text))
    return `Dapr reads this as the number ${text.replaceAll("_", "")}; write that, or quotes around it`;
  if (kind !== "boolean" && OLD_BOOLEAN.test(text))
    return `Dapr reads this as ${/^(?:yes|on)$/i.test(text) ? "true" : "false"}; write that, or quotes around it`;
  return undefined;
}
