import type { ComponentType, MetadataField } from "@troupe/core";
import { type ComponentProblems, nameHint } from "../reading/component-problems.ts";
import type { ComponentSpec, GivenMetadata, GivenValue } from "../reading/component-spec.ts";
import { readValue } from "../reading/read-value.ts";
import { plainTextProblem } from "./plain-text.ts";
import { packageOf } from "./type-packages.ts";
import { ignoredOf, metadataOf, type TypeRegistry } from "./type-registry.ts";

/** A component with its type, and its metadata by the names of the type. */
export interface ComponentPlan {
  readonly spec: ComponentSpec;
  readonly type: ComponentType;
  readonly version: string;
  readonly metadata: readonly PlannedMetadata[];
  /** What was given and changes nothing, with the reason. */
  readonly ignored: Readonly<Record<string, string>>;
}

/** One piece of metadata that the type takes, and where its text comes from. */
export interface PlannedMetadata {
  readonly name: string;
  readonly field: MetadataField;
  readonly place: string;
  readonly given: GivenValue;
}

/**
 * Checks a component against its type, as far as that goes without secrets and variables. Undefined
 * if there is no such type.
 */
export function planComponent(
  spec: ComponentSpec,
  registry: TypeRegistry,
  problems: ComponentProblems,
): ComponentPlan | undefined {
  const type = registry.find(spec.type);
  if (type === undefined) {
    problems.add(spec.place, `${spec.name}: ${unknownType(spec.type, registry)}`);
    return undefined;
  }
  const [newest] = type.versions;
  const version = spec.version ?? newest;
  if (!type.versions.includes(version))
    problems.add(
      spec.place,
      `${spec.name}: ${type.type} has no version ${version}; there is ${type.versions.join(", ")}`,
    );
  const report = (place: string, message: string): void =>
    problems.add(place, `${spec.name}: ${message}`);
  const metadata = spec.metadata.flatMap((given) => planned(given, type, report) ?? []);
  reportTwice(metadata, report);
  reportMissing(metadata, type, (message) => report(spec.place, message));
  for (const one of metadata) reportWrong(one, spec, report);
  const ignored = Object.fromEntries(
    spec.metadata.flatMap(({ name }) => {
      const found = sameName(name, Object.keys(ignoredOf(type)));
      return found === undefined ? [] : [[name, ignoredOf(type)[found] ?? ""]];
    }),
  );
  return { spec, type, version, metadata, ignored };
}

function unknownType(type: string, registry: TypeRegistry): string {
  const missing = packageOf(type);
  if (missing !== undefined) return `${type} needs a package; run npm install ${missing}`;
  return `there is no type ${type}; ${nameHint(type, registry.names)}`;
}

type Report = (place: string, message: string) => void;

/** Dapr does not look at the case of metadata's names. */
function sameName(written: string, names: readonly string[]): string | undefined {
  return names.find((name) => name.toLowerCase() === written.toLowerCase());
}

function planned(
  { name: written, place, given }: GivenMetadata,
  type: ComponentType,
  report: Report,
): PlannedMetadata | undefined {
  const fields = metadataOf(type);
  const name = sameName(written, Object.keys(fields));
  const field = name === undefined ? undefined : fields[name];
  if (name !== undefined && field !== undefined) return { name, field, place, given };
  if (sameName(written, Object.keys(ignoredOf(type))) === undefined)
    report(
      place,
      `${type.type} has no metadata ${written}; ${nameHint(written, Object.keys(fields))}`,
    );
  return undefined;
}

function reportTwice(metadata: readonly PlannedMetadata[], report: Report): void {
  for (const [index, { name, place }] of metadata.entries()) {
    const isSecond = metadata.slice(0, index).some((other) => other.name === name);
    if (isSecond) report(place, `the metadata ${name} is given twice`);
  }
}

function reportMissing(
  metadata: readonly PlannedMetadata[],
  type: ComponentType,
  report: (message: string) => void,
): void {
  for (const [name, { required, doc }] of Object.entries(metadataOf(type))) {
    if (required === true && !metadata.some((one) => one.name === name))
      report(`the metadata ${name} is missing: ${doc}`);
  }
}

/** What can be said of a piece of metadata before anything is opened. */
function reportWrong(one: PlannedMetadata, spec: ComponentSpec, report: Report): void {
  const { name, field, place, given } = one;
  switch (given.kind) {
    case "text": {
      const problem = given.isPlain ? plainTextProblem(given.text, field.kind) : undefined;
      const read = readValue(given.text, field);
      const right = problem ?? (read.kind === "wrong" ? read.right : undefined);
      if (right !== undefined)
        report(place, `${name} ${shownText(given.text, field.secret === true)}: ${right}`);
      return;
    }
    case "secret":
      if (spec.secretStore === undefined)
        report(place, `${name} is in a secret, so name the secret store (auth.secretStore)`);
      return;
    case "environment":
      return;
  }
}

/** A text of metadata, as messages show it. */
export function shownText(text: string, isSecret: boolean): string {
  return isSecret ? "(not shown)" : JSON.stringify(text);
}
