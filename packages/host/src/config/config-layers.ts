import { readFileSync } from "node:fs";
import { closestName, messageOf } from "@troupe/core";
import type { ConfigProblem } from "./config-problem.ts";
import { isOptionName, OPTION_NAMES, OPTIONS, type OptionName } from "./option-catalog.ts";
import type { GivenValue, GivenValues } from "./settings.ts";

/** One place where options can be given, as it was read. */
export interface ConfigLayer {
  readonly values: GivenValues;
  readonly problems: readonly ConfigProblem[];
}

/** The name that the command line's parser gives to a flag's value. */
export function flagKey(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flags of one command; values of other flags are not options and are left out. */
export function fromFlags(flags: Readonly<Record<string, unknown>>): ConfigLayer {
  return layer((name) => {
    const value = flags[flagKey(OPTIONS[name].flag)];
    return value === undefined ? undefined : { value, source: `--${OPTIONS[name].flag}` };
  });
}

/**
 * The `TROUPE_*` variables. An empty one counts as not set, since that is how many tools unset one.
 */
export function fromVariables(
  variables: Readonly<Record<string, string | undefined>>,
): ConfigLayer {
  return layer((name) => {
    const value = variables[OPTIONS[name].variable];
    return value === undefined || value === ""
      ? undefined
      : { value, source: OPTIONS[name].variable };
  });
}

/**
 * An object of options (`tls` holds the three of its own); a name that is none of `known` is a
 * problem. `others` can be given beside them, and may be what was meant.
 */
export function fromObject(
  object: Readonly<Record<string, unknown>>,
  source: string,
  known: readonly OptionName[] = OPTION_NAMES,
  others: readonly string[] = [],
): ConfigLayer {
  const values = new Map<OptionName, GivenValue>();
  const problems: ConfigProblem[] = [];
  for (const [name, value] of flattened(object)) {
    if (value === undefined) continue;
    if (isOptionName(name) && known.includes(name)) values.set(name, { value, source });
    else problems.push({ option: name, source, right: unknownOption(name, [...known, ...others]) });
  }
  return { values, problems };
}

/** `troupe.config.json`; a file that is not there gives nothing. */
export function fromFile(path: string): ConfigLayer {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { values: new Map(), problems: [] };
    return brokenFile(path, `cannot be read: ${messageOf(error)}`);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return fromObject(parsed, path);
  } catch (error) {
    return brokenFile(path, `is not JSON: ${messageOf(error)}`);
  }
  return brokenFile(path, 'must hold one object, such as {"cluster": "bank"}');
}

/** The values of the first layer that has each, and the problems of all. */
export function mergeLayers(layers: readonly ConfigLayer[]): ConfigLayer {
  return {
    values: new Map(layers.toReversed().flatMap(({ values }) => [...values])),
    problems: layers.flatMap(({ problems }) => problems),
  };
}

function layer(read: (name: OptionName) => GivenValue | undefined): ConfigLayer {
  const values = new Map<OptionName, GivenValue>();
  for (const name of OPTION_NAMES) {
    const found = read(name);
    if (found !== undefined) values.set(name, found);
  }
  return { values, problems: [] };
}

/** Options that hold others. */
const GROUPS: ReadonlySet<string> = new Set(["deploy", "tls", "tls.roles", "tokens"]);

function flattened(object: Readonly<Record<string, unknown>>, group = ""): [string, unknown][] {
  return Object.entries(object).flatMap(([own, value]): [string, unknown][] => {
    const name = group + own;
    if (!GROUPS.has(name) || !isRecord(value)) return [[name, value]];
    return flattened(value, `${name}.`);
  });
}

function unknownOption(name: string, known: readonly string[]): string {
  if (name === "tls")
    return 'give an object, such as {"cert": "silo.pem", "key": "silo.key", "ca": "ca.pem"}';
  if (name === "tokens")
    return 'give an object, such as {"silo": "…", "client": "…", "operator": "…", "clients": {"shop": "…"}}';
  if (name === "deploy") return 'give an object, such as {"switchAt": "first"}';
  if (name === "tls.roles")
    return 'give an object, such as {"silo": ["silo.bank.internal"], "client": ["shop"]}';
  const meant = closestName(name, known);
  return `is not an option${meant === undefined ? `; there are ${known.join(", ")}` : `; did you mean ${meant}?`}`;
}

function brokenFile(path: string, right: string): ConfigLayer {
  return { values: new Map(), problems: [{ option: "configuration file", source: path, right }] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
