import { type ComponentProblems, nameHint } from "./component-problems.ts";
import type { GivenNode } from "./given-node.ts";

/** The fields of a mapping. What is no mapping, and a field that nobody knows, is a problem. */
export function knownFields(
  node: GivenNode,
  what: string,
  known: readonly string[],
  problems: ComponentProblems,
): ReadonlyMap<string, GivenNode> {
  const fields = node.fields();
  if (fields === undefined) {
    problems.add(node.place, `${what} is a mapping with ${known.join(", ")}`);
    return new Map();
  }
  for (const [name, field] of fields) {
    if (!known.includes(name))
      problems.add(field.place, `${what} has no field ${name}; ${nameHint(name, known)}`);
  }
  return fields;
}

/** The text of a field; undefined if it is missing or empty. What is no text is a problem. */
export function textField(
  node: GivenNode | undefined,
  what: string,
  problems: ComponentProblems,
): string | undefined {
  const given = node?.text();
  if (node !== undefined && given === undefined) problems.add(node.place, `${what} is a text`);
  return given === undefined || given.text === "" ? undefined : given.text;
}
