import type { BlockName, ComponentType, MetadataField, MetadataKind } from "@troupe/core";
import { ignoredOf, metadataOf } from "../opening/type-registry.ts";

/** How each block is called in prose, and how a program gets it. */
const BLOCKS: Readonly<Record<BlockName, { readonly what: string; readonly call: string }>> = {
  state: { what: "state", call: "state(name)" },
  secretstores: { what: "secrets", call: "secrets(name)" },
  configuration: { what: "configuration", call: "configuration(name)" },
  bindings: { what: "binding, output", call: "binding(name)" },
  lock: { what: "locks", call: "lock(name)" },
  pubsub: { what: "publish and subscribe", call: "pubsub(name)" },
};

const KINDS: Readonly<Record<MetadataKind, string>> = {
  text: "text",
  boolean: "`true` or `false`",
  integer: "integer",
  number: "number",
  duration: "duration, such as `5s`",
  bytes: "bytes, such as `64Ki`",
  list: "texts with commas in between",
};

/** The page of a type of component, in Markdown: `docs/components/<type>.md`. */
export function printType(type: ComponentType): string {
  const { what, call } = BLOCKS[type.block];
  const parts = [
    `# ${type.type}`,
    type.summary,
    `Block: ${what} (\`components.${call}\`). ${versionsOf(type)}`,
    "```yaml\n" + exampleOf(type) + "```",
    ...metadataTable(type),
    ...ignoredList(type),
    ...(type.notes === "" ? [] : ["## Notes", type.notes]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function versionsOf({ versions: [first, ...others] }: ComponentType): string {
  if (others.length === 0) return `Version: \`${first}\`.`;
  return `Versions: \`${first}\` (the one of a component that names none), ${others.map((one) => `\`${one}\``).join(", ")}.`;
}

function exampleOf(type: ComponentType): string {
  const required = Object.entries(metadataOf(type)).filter(([, field]) => field.required === true);
  const lines = [
    "apiVersion: dapr.io/v1alpha1",
    "kind: Component",
    "metadata:",
    "  name: example",
    "spec:",
    `  type: ${type.type}`,
    `  version: ${type.versions[0]}`,
    ...(required.length === 0 ? [] : ["  metadata:"]),
    ...required.flatMap(([name, field]) => [
      `    - name: ${name}`,
      `      ${placeOf(name, field)}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function placeOf(name: string, { secret }: MetadataField): string {
  return secret === true ? `secretKeyRef: { name: example, key: ${name} }` : "value: …";
}

function metadataTable(type: ComponentType): readonly string[] {
  const fields = Object.entries(metadataOf(type));
  if (fields.length === 0) return ["## Metadata", "None."];
  const rows = fields.map(([name, field]) => [
    `\`${name}\``,
    kindOf(field),
    defaultOf(field),
    docOf(field),
  ]);
  return ["## Metadata", tableOf([["name", "kind", "default", "meaning"], ...rows])];
}

function kindOf({ kind, choices }: MetadataField): string {
  return choices === undefined ? KINDS[kind] : choices.map((one) => `\`${one}\``).join(", ");
}

function defaultOf({ required, default: text }: MetadataField): string {
  if (required === true) return "required";
  if (text === undefined) return "none";
  return text === "" ? "empty" : `\`${text}\``;
}

function docOf({ doc, secret }: MetadataField): string {
  return secret === true ? `${doc} Keep it in a secret store.` : doc;
}

function ignoredList(type: ComponentType): readonly string[] {
  const ignored = Object.entries(ignoredOf(type));
  if (ignored.length === 0) return [];
  const items = ignored.map(([name, reason]) => `- \`${name}\`: ${reason}.`);
  return ["Read, and without effect:", items.join("\n")];
}

/** A table with columns as wide as their widest cell, as the formatter of the repository has it. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
