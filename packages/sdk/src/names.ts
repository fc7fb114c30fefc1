import { NAME_MAX_BYTES } from "@troupe/core";
import { inspect } from "node:util";

/** Characters of a string that a message shows. */
const SHOWN_LENGTH = 60;

/** A value as messages show it: short, and in the form in which the author wrote it. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value);
  }
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
}

/**
 * What is wrong with `name` as the name of a method, slot, reminder or timer; undefined if nothing
 * is.
 */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return `must be a string, not ${show(name)}`;
  if (name.length === 0) return "must not be empty";
  if (!name.isWellFormed()) return "has an unpaired surrogate; use well-formed Unicode";
  const bytes = Buffer.byteLength(name);
  return bytes > NAME_MAX_BYTES
    ? `has ${bytes} bytes; at most ${NAME_MAX_BYTES} are allowed`
    : undefined;
}

/**
 * The same for the name of an actor type. A slash would end it in an address, and `$` begins
 * Troupe's own types.
 */
export function typeNameProblem(name: unknown): string | undefined {
  const problem = nameProblem(name);
  if (problem !== undefined) return problem;
  return /[/$]/.test(String(name)) ? `${show(name)} has a "/" or "$"; leave it out` : undefined;
}

/**
 * Names for which a reference has nothing: the language, a test runner or a printer asks any object
 * for them, and a reference that answered would pass for a promise, a matcher or a DOM node.
 */
export const UNANSWERED_NAMES: ReadonlySet<string> = new Set([
  "then",
  "catch",
  "finally",
  "constructor",
  "__proto__",
  "$$typeof",
  "nodeType",
  "asymmetricMatch",
]);

/** Names under which a reference gives its address as text. */
export const PRINTING_NAMES: ReadonlySet<string> = new Set(["toString", "toJSON", "valueOf"]);

/**
 * Names that no public method can have, because a reference would not call it, or because they mean
 * something to every object.
 */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...UNANSWERED_NAMES,
  ...PRINTING_NAMES,
  ...Object.getOwnPropertyNames(Object.prototype),
]);

/** Members of `Actor` that a class is meant to override. */
export const HOOKS: ReadonlySet<string> = new Set(["onActivate", "onDeactivate"]);
