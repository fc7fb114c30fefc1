import { closestName, type MetadataField, type MetadataValue } from "@troupe/core";

/** What a text means as the value of a field, or what would be right instead. */
export type ReadValue =
  | { readonly kind: "value"; readonly value: MetadataValue }
  | { readonly kind: "wrong"; readonly right: string };

const TRUE: ReadonlySet<string> = new Set(["true", "t", "yes", "y", "on", "1"]);
const FALSE: ReadonlySet<string> = new Set(["false", "f", "no", "n", "off", "0"]);

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const GO_DURATION = /^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const GO_PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1_024,
  Mi: 1_024 ** 2,
  Gi: 1_024 ** 3,
};

const BYTES = /^(\d+)(|k|K|M|G|Ki|Mi|Gi)$/;

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Reads the text of a piece of metadata by Dapr's rules. Where Dapr takes a text that it does not
 * understand for false or for zero, this says what is wrong.
 */
export function readValue(text: string, field: MetadataField): ReadValue {
  switch (field.kind) {
    case "text":
      return readText(text, field);
    case "boolean":
      return readBoolean(text);
    case "integer":
      return readNumber(text, INTEGER, "an integer, such as 3");
    case "number":
      return readNumber(text, NUMBER, "a number, such as 0.5");
    case "duration":
      return readGoDuration(text);
    case "bytes":
      return readBytes(text);
    case "list":
      return { kind: "value", value: listIn(text) };
  }
}

function readText(text: string, { choices, required }: MetadataField): ReadValue {
  if (text === "" && required === true) return { kind: "wrong", right: "give a text" };
  if (choices === undefined || choices.includes(text)) return { kind: "value", value: text };
  const meant = closestName(text, choices);
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  return { kind: "wrong", right: `give one of ${choices.join(", ")}${hint}` };
}

function readBoolean(text: string): ReadValue {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return { kind: "value", value: true };
  if (FALSE.has(word)) return { kind: "value", value: false };
  return { kind: "wrong", right: "give true or false" };
}

function readNumber(text: string, form: RegExp, what: string): ReadValue {
  const trimmed = text.trim();
  const value = Number(trimmed);
  const isRight =
    form.test(trimmed) && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return isRight ? { kind: "value", value } : { kind: "wrong", right: `give ${what}` };
}

/** A bare number is refused: some of Dapr's types take it for seconds, others for milliseconds. */
function readGoDuration(text: string): ReadValue {
  const trimmed = text.trim();
  if (trimmed === "0") return { kind: "value", value: 0 };
  if (!GO_DURATION.test(trimmed))
    return { kind: "wrong", right: "give a duration with its unit, such as 5s, 250ms or 1m30s" };
  const value = [...trimmed.matchAll(GO_PART)].reduce(
    (sum, [, amount = "", unit = ""]) => sum + Number(amount) * (UNIT_MS[unit] ?? Number.NaN),
    0,
  );
  return { kind: "value", value };
}

function readBytes(text: string): ReadValue {
  const [, amount, unit = ""] = BYTES.exec(text.trim()) ?? [];
  const value = Number(amount) * (UNIT_BYTES[unit] ?? Number.NaN);
  return amount !== undefined && value <= Number.MAX_SAFE_INTEGER
    ? { kind: "value", value }
    : { kind: "wrong", right: "give a number of bytes, such as 1024, 64Ki or 100Mi" };
}

function listIn(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
