import { ACTOR_REFERENCE, type ActorAddress, formatAddress } from "@troupe/core";
import { inspect } from "node:util";
import { printableJson, printableText } from "./printable-text.ts";

/**
 * A result for people: text as it is but for what would steer the terminal, nothing for undefined,
 * everything else as Node.js shows it.
 */
export function readableValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return printableText(value);
  // Names of errors and their stacks are printed as they are.
  return printableText(
    inspect(value, {
      depth: null,
      maxArrayLength: null,
      maxStringLength: null,
      breakLength: 100,
    }),
  );
}

/**
 * A result for programs, as one line of JSON. What JSON does not have is written as the nearest
 * that it has: undefined as null, a bigint or a date as text, a map as pairs, a set as an array,
 * bytes as base64, an error as its name and message.
 */
export function jsonValue(value: unknown): string {
  return printableJson(plain(value, []));
}

function plain(value: unknown, above: readonly unknown[]): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "(cycle)";
  const inner = [...above, value];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof RegExp) return value.toString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (ArrayBuffer.isView(value))
    return Array.from(value as unknown as Iterable<unknown>, (item) => plain(item, inner));
  if (value instanceof Map)
    return Array.from(value, ([key, item]: [unknown, unknown]) => [
      plain(key, inner),
      plain(item, inner),
    ]);
  if (value instanceof Set || Array.isArray(value))
    return Array.from(value as Iterable<unknown>, (item) => plain(item, inner));
  if (ACTOR_REFERENCE in value) return formatAddress(value[ACTOR_REFERENCE] as ActorAddress);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, plain(item, inner)]));
}
