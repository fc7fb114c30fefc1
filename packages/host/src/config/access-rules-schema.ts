import { messageOf } from "@troupe/core";
import { type AccessRule, accessRulesProblem } from "@troupe/runtime";
import { z } from "zod";

/**
 * Rules of access, or the JSON text of them as a flag or variable gives it. Which types there are
 * is known only to the silo.
 */
export const accessRules = z.unknown().transform((given, context): readonly AccessRule[] => {
  const read = typeof given === "string" ? fromJson(given) : { rules: given };
  const problem = "rules" in read ? accessRulesProblem(read.rules) : read.problem;
  // The problem's own check is what makes it a list of rules.
  if (problem === undefined && "rules" in read) return read.rules as readonly AccessRule[];
  context.addIssue(problem ?? "");
  return z.NEVER;
});

function fromJson(text: string): { readonly rules: unknown } | { readonly problem: string } {
  try {
    return { rules: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: `is not JSON: ${messageOf(error)}` };
  }
}
