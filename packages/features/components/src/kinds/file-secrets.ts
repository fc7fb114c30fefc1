import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { componentType, messageOf, type Secret, type SecretStore, TroupeError } from "@troupe/core";
import { jsonObject, nestedTexts } from "./nested-texts.ts";

/** How the file is read. */
export interface FileSecretsOptions {
  readonly path: string;
  /** Between the names of nested objects. */
  readonly separator: string;
  /** Each field of the file is a secret, and what is nested in it are its values. */
  readonly isMultiValued: boolean;
}

/** Secrets in a JSON file, which is read again each time. */
export class FileSecrets implements SecretStore {
  readonly capabilities = { bulk: true };
  readonly #options: FileSecretsOptions;

  constructor(options: FileSecretsOptions) {
    this.#options = options;
  }

  async get(name: string): Promise<Secret | undefined> {
    return (await this.getAll()).get(name);
  }

  async getAll(): Promise<ReadonlyMap<string, Secret>> {
    const { path, separator, isMultiValued } = this.#options;
    const content = jsonObject(await textOf(path), path);
    if (!isMultiValued)
      return new Map(
        Array.from(nestedTexts(content, separator), ([name, text]) => [
          name,
          { values: { [name]: text } },
        ]),
      );
    return new Map(
      Object.entries(content).map(([name, value]) => {
        const isNested = typeof value === "object" && value !== null;
        const texts = nestedTexts(isNested ? value : { [name]: value }, separator);
        return [name, { values: Object.fromEntries(texts) }];
      }),
    );
  }

  async close(): Promise<void> {
    // Nothing is open between two reads.
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new TroupeError("COMPONENT_UNAVAILABLE", `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** `secretstores.local.file`. */
export const fileSecretsType = componentType({
  type: "secretstores.local.file",
  block: "secretstores",
  summary: "Secrets in a JSON file, for development.",
  notes:
    "The file is read again each time that a secret is read, so a change needs no restart. A relative path starts from the folder of the component's file.",
  metadata: {
    secretsFile: { kind: "text", required: true, doc: "The path of the JSON file." },
    nestedSeparator: {
      kind: "text",
      default: ":",
      doc: "Stands between the names of nested objects in the name of a secret.",
    },
    multiValued: {
      kind: "boolean",
      default: "false",
      doc: "Whether a field of the file is one secret, with what is nested in it as its values.",
    },
  },
  open: async ({ secretsFile, nestedSeparator, multiValued }, { folder }) => {
    const path = resolve(folder, secretsFile);
    const store = new FileSecrets({ path, separator: nestedSeparator, isMultiValued: multiValued });
    await store.getAll();
    return store;
  },
});
