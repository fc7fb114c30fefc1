import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { componentType, messageOf, type Secret, type SecretStore, TroupeError } from "@troupe/core";
import { isMissing, isPlainName, textInFolder, textsInFolder } from "./mounted-folder.ts";

/** Secrets in a folder, as Kubernetes mounts them. */
export class MountedSecrets implements SecretStore {
  readonly capabilities = { bulk: true };
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(name: string): Promise<Secret | undefined> {
    if (!isPlainName(name)) return undefined;
    const path = join(this.#folder, name);
    if (await isFolder(path)) return { values: Object.fromEntries(await textsInFolder(path)) };
    const text = await textInFolder(this.#folder, name);
    return text === undefined ? undefined : { values: { [name]: text } };
  }

  async getAll(): Promise<ReadonlyMap<string, Secret>> {
    const names = (await namesIn(this.#folder)).filter((name) => isPlainName(name));
    const secrets = await Promise.all(
      names.map(async (name) => [name, await this.get(name)] as const),
    );
    return new Map(
      secrets.flatMap(([name, secret]) => (secret === undefined ? [] : [[name, secret]])),
    );
  }

  async close(): Promise<void> {
    // Nothing is open between two reads.
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new TroupeError(
      "COMPONENT_UNAVAILABLE",
      `the folder ${folder} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** `secretstores.kubernetes-mount`. */
export const mountedSecretsType = componentType({
  type: "secretstores.kubernetes-mount",
  block: "secretstores",
  summary: "Secrets that Kubernetes, or anybody else, mounts as files.",
  notes:
    "A folder in the folder is one secret, with its files as values. A file in it is a secret with one value, under its own name. Texts are taken as they are, with the end of the last line. Files are read again each time, so a renewed secret needs no restart.",
  metadata: {
    path: { kind: "text", required: true, doc: "The folder. It has to be there at the start." },
  },
  open: async ({ path }, { folder }) => {
    const mounted = resolve(folder, path);
    await namesIn(mounted);
    return new MountedSecrets(mounted);
  },
});
