import { TroupeError } from "@troupe/core";

/**
 * A schema of any library that keeps to Standard Schema version 1 (standardschema.dev), as far as
 * topics use it.
 */
export interface StandardSchema<Data = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
    /** Only for the type checker. */
    readonly types?: { readonly input: Data; readonly output: unknown } | undefined;
  };
}

/** What a schema says of a value: without `issues` the value is right. */
export interface SchemaResult {
  readonly issues?: readonly SchemaIssue[] | undefined;
}

/** One thing that is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Issues that a message shows. */
const SHOWN_MAX = 5;

/** True for what can be the schema of a topic. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return typeof standard?.validate === "function";
}

/**
 * What the schema finds wrong with the data, as a person should be told; undefined if nothing is.
 * Throws `BAD_CONFIG` if the schema needs to wait for something: a turn cannot wait in the middle
 * of a publish.
 */
export function schemaProblem(schema: StandardSchema, data: unknown): string | undefined {
  const result = schema["~standard"].validate(data);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    const message = "the schema of a topic validates asynchronously; give one that does not wait";
    throw new TroupeError("BAD_CONFIG", message);
  }
  const { issues } = result;
  if (issues === undefined || issues.length === 0) return undefined;
  const shown = issues
    .slice(0, SHOWN_MAX)
    .map(({ path, message }) => `${pathOf(path)}: ${message}`);
  const more = issues.length - shown.length;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}

function pathOf(path: SchemaIssue["path"] = []): string {
  let text = "data";
  for (const step of path) {
    const key = typeof step === "object" ? step.key : step;
    text += typeof key === "number" ? `[${key}]` : `.${String(key)}`;
  }
  return text;
}
