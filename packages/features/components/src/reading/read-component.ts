import type { MetadataKind } from "@troupe/core";
import type { ComponentProblems } from "./component-problems.ts";
import type { ComponentSpec, GivenMetadata, GivenValue } from "./component-spec.ts";
import type { GivenNode } from "./given-node.ts";
import { knownFields, textField } from "./known-fields.ts";
import { readValue } from "./read-value.ts";

/** The parts of a declaration, wherever each of them stands. */
export interface ComponentParts {
  readonly whole: GivenNode;
  readonly name: GivenNode | undefined;
  readonly type: GivenNode | undefined;
  readonly version: GivenNode | undefined;
  readonly metadata: GivenNode | undefined;
  readonly secretStore: GivenNode | undefined;
  readonly scopes: GivenNode | undefined;
  readonly ignoreErrors: GivenNode | undefined;
  readonly initTimeout: GivenNode | undefined;
}

/** As Dapr has it. */
const INIT_TIMEOUT = "5s";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

/** The component that the parts declare; undefined if it has no name or no type. */
export function readComponent(
  parts: ComponentParts,
  folder: string,
  problems: ComponentProblems,
): ComponentSpec | undefined {
  const { whole } = parts;
  const name = textField(parts.name, "the name of a component", problems);
  const type = textField(parts.type, "the type of a component", problems);
  if (name === undefined) problems.add(whole.place, "the component has no name");
  else if (!NAME.test(name))
    problems.add(
      whole.place,
      `the name ${JSON.stringify(name)} has other characters than letters, digits, ".", "_" and "-"`,
    );
  if (type === undefined)
    problems.add(whole.place, `${name ?? "the component"} has no type, such as state.in-memory`);
  const spec = {
    version: textField(parts.version, "the version of a component", problems),
    metadata: metadataIn(parts.metadata, problems),
    secretStore: textField(parts.secretStore, "the name of a secret store", problems),
    scopes: textsIn(parts.scopes, problems),
    ignoreErrors: valueOf(parts.ignoreErrors, "false", "boolean", problems) === true,
    initTimeoutMs: Number(valueOf(parts.initTimeout, INIT_TIMEOUT, "duration", problems)),
  };
  if (name === undefined || type === undefined) return undefined;
  return { name, type, ...spec, place: whole.place, folder };
}

function valueOf(
  node: GivenNode | undefined,
  fallback: string,
  kind: MetadataKind,
  problems: ComponentProblems,
): unknown {
  const text = textField(node, "this", problems) ?? fallback;
  const read = readValue(text, { kind, doc: "" });
  if (read.kind === "value") return read.value;
  problems.add(node?.place ?? "", `${JSON.stringify(text)}: ${read.right}`);
  return undefined;
}

function textsIn(node: GivenNode | undefined, problems: ComponentProblems): readonly string[] {
  if (node === undefined) return [];
  const items = node.items();
  if (items !== undefined)
    return items.flatMap((item) => textField(item, "the name of an application", problems) ?? []);
  if (node.text()?.text !== "") problems.add(node.place, "scopes is a list of applications");
  return [];
}

/** Metadata is a list, as Dapr has it, or a mapping from names to values. */
function metadataIn(
  node: GivenNode | undefined,
  problems: ComponentProblems,
): readonly GivenMetadata[] {
  if (node === undefined || node.text()?.text === "") return [];
  const items = node.items();
  if (items !== undefined) return items.flatMap((item) => metadataItem(item, problems) ?? []);
  const fields = node.fields();
  if (fields !== undefined)
    return Array.from(fields, ([name, value]) => ({
      name,
      place: value.place,
      given: valueIn(value, problems),
    }));
  problems.add(node.place, "metadata is a list of names with values");
  return [];
}

const ITEM_FIELDS = ["name", "value", "secretKeyRef", "envRef"] as const;

function metadataItem(node: GivenNode, problems: ComponentProblems): GivenMetadata | undefined {
  const fields = knownFields(node, "a piece of metadata", ITEM_FIELDS, problems);
  const name = textField(fields.get("name"), "the name of a piece of metadata", problems);
  if (name === undefined) {
    problems.add(node.place, "a piece of metadata has no name");
    return undefined;
  }
  const sources = ["value", "secretKeyRef", "envRef"].filter((source) => fields.has(source));
  if (sources.length > 1)
    problems.add(node.place, `${name} has ${sources.join(" and ")}; give one of them`);
  const value = fields.get("value");
  const given: GivenValue = fields.has("secretKeyRef")
    ? secretIn(fields.get("secretKeyRef"), node, problems)
    : fields.has("envRef")
      ? environmentIn(fields.get("envRef"), node, problems)
      : textIn(value);
  return { name, place: (value ?? node).place, given };
}

/** A value in a mapping: a text, `{ secretKeyRef }`, `{ envRef }`, or what JSON can hold. */
function valueIn(node: GivenNode, problems: ComponentProblems): GivenValue {
  const fields = node.fields();
  if (fields?.has("secretKeyRef") === true)
    return secretIn(fields.get("secretKeyRef"), node, problems);
  if (fields?.has("envRef") === true) return environmentIn(fields.get("envRef"), node, problems);
  return textIn(node);
}

function textIn(node: GivenNode | undefined): GivenValue {
  if (node === undefined) return { kind: "text", text: "", isPlain: false };
  return { kind: "text", ...(node.text() ?? { text: node.json(), isPlain: false }) };
}

function secretIn(
  node: GivenNode | undefined,
  above: GivenNode,
  problems: ComponentProblems,
): GivenValue {
  const fields = knownFields(node ?? above, "secretKeyRef", ["name", "key"], problems);
  const secret = textField(fields.get("name"), "the name of a secret", problems);
  const key = textField(fields.get("key"), "the key in a secret", problems);
  if (secret === undefined) problems.add((node ?? above).place, "secretKeyRef has no name");
  return { kind: "secret", secret: secret ?? "", key: key ?? secret ?? "" };
}

function environmentIn(
  node: GivenNode | undefined,
  above: GivenNode,
  problems: ComponentProblems,
): GivenValue {
  const variable = textField(node, "envRef", problems);
  if (variable === undefined) problems.add((node ?? above).place, "envRef names no variable");
  return { kind: "environment", variable: variable ?? "" };
}
