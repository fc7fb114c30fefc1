import { closestName, shownValue } from "@troupe/core";

const ANY = "*";
const FIELDS = ["caller", "types", "methods", "allow"];

/**
 * What is wrong with the form of rules of access, whoever gave them, and where; undefined if they
 * are rules. Which types there are is checked by the silo that hosts them.
 */
export function accessRulesProblem(rules: unknown): string | undefined {
  if (!Array.isArray(rules)) return wrong("access", rules, "an array of rules");
  for (const [index, rule] of (rules as unknown[]).entries()) {
    const problem = problemOfRule(`access[${index}]`, rule);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemOfRule(where: string, rule: unknown): string | undefined {
  if (typeof rule !== "object" || rule === null || Array.isArray(rule))
    return wrong(where, rule, "an object with caller, types and methods");
  const unknown = Object.keys(rule).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    return `${where} has no ${unknown}; there are ${FIELDS.join(", ")}${didYouMean(unknown, FIELDS)}`;
  const { caller, types, methods = [ANY], allow = true } = rule as Record<string, unknown>;
  if (typeof caller !== "string") return wrong(`${where}.caller`, caller, 'a name, or "*"');
  if (!areNames(types)) return wrong(`${where}.types`, types, 'an array of names, or ["*"]');
  if (!areNames(methods)) return wrong(`${where}.methods`, methods, 'an array of names, or ["*"]');
  if (typeof allow !== "boolean") return wrong(`${where}.allow`, allow, "true or false");
  return undefined;
}

/** A rule that names none of these types would never count, or not as it was meant. */
export function unknownTypeIn(
  rules: readonly { readonly types: readonly string[] }[],
  hosted: readonly string[],
): string | undefined {
  for (const [index, { types }] of rules.entries()) {
    const strange = types.find((type) => type !== ANY && !hosted.includes(type));
    if (strange !== undefined)
      return `access[${index}].types: this silo hosts no type ${strange}; it hosts ${hosted.join(", ")}${didYouMean(strange, hosted)}`;
  }
  return undefined;
}

function didYouMean(written: string, known: readonly string[]): string {
  const meant = closestName(written, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

function areNames(given: unknown): boolean {
  return Array.isArray(given) && given.every((name) => typeof name === "string");
}

function wrong(what: string, given: unknown, right: string): string {
  return `${what} is ${shownValue(given)}; give ${right}`;
}
