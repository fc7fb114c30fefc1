import { messageOf, type MetadataValue, type Secret, type SecretStore } from "@troupe/core";
import type { ComponentProblems } from "../reading/component-problems.ts";
import { readValue } from "../reading/read-value.ts";
import { type ComponentPlan, type PlannedMetadata, shownText } from "./component-plan.ts";
import { fillTemplate } from "./fill-template.ts";
import type { SecretTexts } from "./secret-texts.ts";
import { metadataOf } from "./type-registry.ts";

/** Where the texts of metadata come from. */
export interface SettingSources {
  readonly appId: string;
  /** Of the component; undefined if it names none, or if that could not be opened. */
  readonly secretStore: SecretStore | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Takes every text that must not be shown. */
  readonly secrets: SecretTexts;
}

/** What a component is opened with. */
export type ResolvedSettings = Readonly<Record<string, MetadataValue | undefined>>;

/** The settings of a component. What cannot be resolved is a problem. */
export async function resolveSettings(
  plan: ComponentPlan,
  sources: SettingSources,
  problems: ComponentProblems,
): Promise<ResolvedSettings> {
  const settings = new Map<string, MetadataValue>();
  for (const [name, field] of Object.entries(metadataOf(plan.type))) {
    const read = field.default === undefined ? undefined : readValue(field.default, field);
    if (read?.kind === "value") settings.set(name, read.value);
  }
  const read = await Promise.all(
    plan.metadata.map(async (one) => [one, await textOf(one, plan, sources)] as const),
  );
  for (const [{ name, field, place }, text] of read) {
    const report = (message: string): void => problems.add(place, `${plan.spec.name}: ${message}`);
    if (text.kind === "missing") {
      report(`${name} ${text.why}`);
      continue;
    }
    const isSecret = field.secret === true || text.isSecret;
    if (isSecret) sources.secrets.add(text.text);
    const value = readValue(text.text, field);
    if (value.kind === "value") settings.set(name, value.value);
    else report(`${name} ${shownText(text.text, isSecret)}: ${value.right}`);
  }
  return Object.fromEntries(settings);
}

type FoundText =
  | { readonly kind: "found"; readonly text: string; readonly isSecret: boolean }
  | { readonly kind: "missing"; readonly why: string };

async function textOf(
  { given }: PlannedMetadata,
  { spec }: ComponentPlan,
  { secretStore, variables, appId }: SettingSources,
): Promise<FoundText> {
  switch (given.kind) {
    case "text": {
      const filled = fillTemplate(given.text, { appId, variables });
      return filled.kind === "filled"
        ? { kind: "found", text: filled.text, isSecret: false }
        : { kind: "missing", why: `needs the variable ${filled.variable}, which is not set` };
    }
    case "environment": {
      const text = variables[given.variable];
      return text === undefined
        ? { kind: "missing", why: `is in the variable ${given.variable}, which is not set` }
        : { kind: "found", text, isSecret: false };
    }
    case "secret":
      return secretStore === undefined
        ? { kind: "missing", why: `is in ${spec.secretStore}, which could not be opened` }
        : await secretText(given, secretStore, spec.secretStore ?? "");
  }
}

async function secretText(
  { secret, key }: { readonly secret: string; readonly key: string },
  store: SecretStore,
  storeName: string,
): Promise<FoundText> {
  let found: Secret | undefined;
  try {
    found = await store.get(secret);
  } catch (error) {
    return { kind: "missing", why: `cannot be read from ${storeName}: ${messageOf(error)}` };
  }
  if (found === undefined)
    return { kind: "missing", why: `is in the secret ${secret}, which ${storeName} does not have` };
  const text = Object.hasOwn(found.values, key) ? found.values[key] : undefined;
  if (text !== undefined) return { kind: "found", text, isSecret: true };
  const keys = Object.keys(found.values).join(", ");
  return {
    kind: "missing",
    why: `is under the key ${key} of the secret ${secret} in ${storeName}, which has only ${keys}`,
  };
}
