import { SILO_TYPE } from "@troupe/client";
import { type Principal, type RequestEnvelope, TroupeError } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import { accessRulesProblem, unknownTypeIn } from "./access-rules-problem.ts";

/** What some clients may call, or may not. */
export interface AccessRule {
  /**
   * The client's proven name: that of its own secret, or else that of its certificate. `"*"` is
   * every client. A client that has proven none has a name that begins with `client-`.
   */
  readonly caller: string;
  /** Names of actor types; `"*"` is all. */
  readonly types: readonly string[];
  /** Names of methods; `"*"` is all. Default: all. */
  readonly methods?: readonly string[];
  /** False forbids what the rule is about. Default: true. */
  readonly allow?: boolean;
}

const ANY = "*";

/**
 * What clients may call on this silo (V9). Silos and operators may call everything.
 *
 * ACC-1. Of the rules the first one counts that is about the caller, the type and the method. Where
 *        none is, the call is refused. Without any rules clients may call every type.
 * ACC-2. A type with `access: "internal"` is for actors only, whatever the rules say.
 * ACC-3. A client may list the ids of a type of which a rule lets it call anything.
 */
export class AccessRules {
  readonly #rules: readonly AccessRule[] | undefined;
  readonly #internal: ReadonlySet<string>;

  /** Throws `BAD_CONFIG` if a rule is wrong, or names a type that this silo does not host. */
  constructor(
    rules: readonly AccessRule[] | undefined,
    definitions: ReadonlyMap<string, ActorDefinition>,
  ) {
    this.#rules = rules;
    const internal = [...definitions.values()].filter(({ access }) => access === "internal");
    this.#internal = new Set(internal.map(({ name }) => name));
    if (rules !== undefined) checkRules(rules, definitions);
  }

  /** Why the caller may not make this call; undefined if it may. */
  refusal({ role, name }: Principal, { type, method }: RequestEnvelope): string | undefined {
    // Who may ask what of a silo itself says `AdminMethods`.
    if (role !== "client" || type === SILO_TYPE) return undefined;
    if (this.#internal.has(type)) return `${type} is for actors only`;
    if (this.#rules === undefined) return undefined;
    const rule = this.#rules.find(
      ({ caller, types, methods = [ANY] }) =>
        (caller === ANY || caller === name) && has(types, type) && has(methods, method),
    );
    if (rule === undefined) return `no rule of access lets ${name} call it`;
    return rule.allow === false ? `a rule of access forbids it to ${name}` : undefined;
  }

  /** Why the caller may not know which actors of the type there are; undefined if it may. */
  refusalToFind({ role, name }: Principal, type: string): string | undefined {
    if (role !== "client") return undefined;
    if (this.#internal.has(type)) return `${type} is for actors only`;
    if (this.#rules === undefined) return undefined;
    // The first rule that lets it call anything, or forbids it everything.
    const deciding = this.#rules.find(
      ({ caller, types, methods = [ANY], allow }) =>
        (caller === ANY || caller === name) &&
        has(types, type) &&
        (allow !== false || methods.includes(ANY)),
    );
    if (deciding !== undefined && deciding.allow !== false) return undefined;
    return `no rule of access lets ${name} call ${type}`;
  }
}

function has(names: readonly string[], name: string): boolean {
  return names.includes(name) || names.includes(ANY);
}

function checkRules(
  rules: readonly AccessRule[],
  definitions: ReadonlyMap<string, ActorDefinition>,
): void {
  const problem = accessRulesProblem(rules) ?? unknownTypeIn(rules, [...definitions.keys()]);
  if (problem !== undefined) throw new TroupeError("BAD_CONFIG", problem);
}
