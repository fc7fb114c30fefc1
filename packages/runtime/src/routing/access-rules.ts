import { SILO_TYPE } from "@troupe/client";
import { type Principal, type RequestEnvelope, shownValue, TroupeError } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";

/** What some clients may call, or may not. */
export interface AccessRule {
  /**
   * The client's proven name: that of its certificate. `"*"` is every client. Without certificates
   * clients have no names that are proven.
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
const FIELDS: ReadonlySet<string> = new Set(["caller", "types", "methods", "allow"]);

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
  if (!Array.isArray(rules)) throw wrong("access", rules, "an array of rules");
  for (const [index, rule] of rules.entries()) checkRule(`access[${index}]`, rule, definitions);
}

function checkRule(
  where: string,
  rule: AccessRule,
  definitions: ReadonlyMap<string, ActorDefinition>,
): void {
  if (typeof rule !== "object" || rule === null)
    throw wrong(where, rule, "an object with caller, types and methods");
  const unknown = Object.keys(rule).find((name) => !FIELDS.has(name));
  if (unknown !== undefined)
    throw new TroupeError(
      "BAD_CONFIG",
      `${where} has no ${unknown}; there are ${[...FIELDS].join(", ")}`,
    );
  const { caller, types, methods = [ANY], allow = true } = rule;
  if (typeof caller !== "string") throw wrong(`${where}.caller`, caller, 'a name, or "*"');
  if (!areNames(types)) throw wrong(`${where}.types`, types, 'an array of names, or ["*"]');
  if (!areNames(methods)) throw wrong(`${where}.methods`, methods, 'an array of names, or ["*"]');
  if (typeof allow !== "boolean") throw wrong(`${where}.allow`, allow, "true or false");
  const strange = types.find((type) => type !== ANY && !definitions.has(type));
  if (strange === undefined) return;
  const message = `${where}.types: this silo hosts no type ${strange}; it hosts ${[...definitions.keys()].join(", ")}`;
  throw new TroupeError("BAD_CONFIG", message);
}

function areNames(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((name) => typeof name === "string");
}

function wrong(what: string, given: unknown, right: string): TroupeError {
  return new TroupeError("BAD_CONFIG", `${what} is ${shownValue(given)}; give ${right}`);
}
