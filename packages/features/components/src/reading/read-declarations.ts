import { resolve } from "node:path";
import { CodeNode } from "./code-node.ts";
import type { ComponentProblems } from "./component-problems.ts";
import type { ComponentSpec } from "./component-spec.ts";
import { knownFields } from "./known-fields.ts";
import { readComponent } from "./read-component.ts";

/** Where the text of a piece of metadata is, instead of the text. */
export type MetadataReference =
  | { readonly secretKeyRef: { readonly name: string; readonly key?: string } }
  | { readonly envRef: string };

/** A component that is declared in code. */
export interface ComponentDeclaration {
  readonly name: string;
  /** As Dapr writes it: `state.redis`. */
  readonly type: string;
  /** Default: the first version of the type. */
  readonly version?: string;
  /** By name. Everything is read as text, by the rules of the type. */
  readonly metadata?: Readonly<Record<string, string | number | boolean | MetadataReference>>;
  /** The component that has the secrets which the metadata refers to. */
  readonly secretStore?: string;
  /** The applications that have the component. Default: all. */
  readonly scopes?: readonly string[];
  /** Starts also if the component cannot be opened. Default: false. */
  readonly ignoreErrors?: boolean;
  /** How long opening may take, as Go writes it. Default: "5s". */
  readonly initTimeout?: string;
}

const FIELDS = [
  "name",
  "type",
  "version",
  "metadata",
  "secretStore",
  "scopes",
  "ignoreErrors",
  "initTimeout",
];

/** The components of a list. Relative paths in their metadata start from the working folder. */
export function readDeclarations(given: unknown, problems: ComponentProblems): ComponentSpec[] {
  const items = new CodeNode("components", given).items();
  if (items === undefined) {
    problems.add("components", "give a folder, or a list of { name, type, metadata }");
    return [];
  }
  return items.flatMap((whole) => {
    const fields = knownFields(whole, "a component", FIELDS, problems);
    if (whole.fields() === undefined) return [];
    const parts = {
      whole,
      name: fields.get("name"),
      type: fields.get("type"),
      version: fields.get("version"),
      metadata: fields.get("metadata"),
      secretStore: fields.get("secretStore"),
      scopes: fields.get("scopes"),
      ignoreErrors: fields.get("ignoreErrors"),
      initTimeout: fields.get("initTimeout"),
    };
    return readComponent(parts, resolve("."), problems) ?? [];
  });
}
