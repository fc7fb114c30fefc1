import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import {
  type Binding,
  type BindingRequest,
  type BindingResponse,
  componentType,
  messageOf,
  type Random,
  randomId,
  systemRandom,
  TroupeError,
} from "@troupe/core";
import { isMissing } from "./mounted-folder.ts";

/** Files in a folder of this machine. Nothing outside of the folder is touched. */
export class FileBinding implements Binding {
  readonly operations = ["create", "get", "delete", "list"];
  readonly #root: string;
  readonly #random: Random;

  /** `root` is the real path of the folder. */
  constructor(root: string, random: Random) {
    this.#root = root;
    this.#random = random;
  }

  async invoke({ operation, data, metadata }: BindingRequest): Promise<BindingResponse> {
    const { fileName } = metadata;
    try {
      return answer(await this.#perform(operation, fileName, data));
    } catch (error) {
      if (error instanceof TroupeError) throw error;
      const why = isMissing(error) ? "there is no such file" : messageOf(error);
      throw new TroupeError("BINDING_FAILED", `${operation} ${fileName ?? ""}: ${why}`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    // Nothing is open between two operations.
  }

  async #perform(
    operation: string,
    fileName: string | undefined,
    data: Uint8Array | undefined,
  ): Promise<Uint8Array | string | undefined> {
    if (operation === "create")
      return await this.#create(fileName ?? randomId(this.#random), data ?? new Uint8Array());
    if (operation === "list") return JSON.stringify(await this.#list(fileName ?? ""));
    if (fileName === undefined || fileName === "")
      throw new TroupeError("BAD_INPUT", `${operation} needs the metadata fileName`);
    const path = await this.#pathOf(fileName);
    if (operation === "get") return await readFile(path);
    await rm(path);
    return undefined;
  }

  /** The file is there whole or not at all. */
  async #create(fileName: string, data: Uint8Array): Promise<string> {
    const folder = dirname(this.#inside(fileName));
    await mkdir(folder, { recursive: true });
    const path = await this.#pathOf(fileName);
    const partial = join(dirname(path), `.${basename(path)}.${randomId(this.#random)}`);
    try {
      await writeFile(partial, data);
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return JSON.stringify({ fileName: path });
  }

  async #list(folder: string): Promise<readonly string[]> {
    const below = await this.#pathOf(folder);
    const entries = await readdir(below, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  }

  /** The path of a file, whose folder is there and really inside. */
  async #pathOf(fileName: string): Promise<string> {
    const path = this.#inside(fileName);
    if (path === this.#root) return path;
    const real = join(await realpath(dirname(path)), basename(path));
    if (!this.#isInside(real)) throw this.#outside(fileName);
    const target = await realpath(real).catch((error: unknown) => {
      if (isMissing(error)) return real;
      throw error;
    });
    if (!this.#isInside(target)) throw this.#outside(fileName);
    return real;
  }

  #inside(fileName: string): string {
    const path = resolve(this.#root, fileName.replace(/^[/\\]+/, ""));
    if (path !== this.#root && !this.#isInside(path)) throw this.#outside(fileName);
    return path;
  }

  #isInside(path: string): boolean {
    const from = relative(this.#root, path);
    return from !== "" && from !== ".." && !from.startsWith(`..${sep}`) && resolve(from) !== from;
  }

  #outside(fileName: string): TroupeError {
    return new TroupeError(
      "BAD_INPUT",
      `the file ${JSON.stringify(fileName)} is outside of the folder of the binding`,
    );
  }
}

function answer(data: Uint8Array | string | undefined): BindingResponse {
  return { data: typeof data === "string" ? Buffer.from(data) : data, metadata: {} };
}

/** `bindings.localstorage`. */
export const fileBindingType = componentType({
  type: "bindings.localstorage",
  block: "bindings",
  summary: "Files in a folder of this machine.",
  notes:
    "Operations: `create` (metadata `fileName`; a random one if it is missing) answers `{ fileName }` with the path, `get` and `delete` take `fileName`, and `list` gives the paths of all files below the folder `fileName`. A file is created whole or not at all. Names and links that lead out of the folder are refused.",
  metadata: {
    rootPath: {
      kind: "text",
      required: true,
      doc: "The folder. It is made if it is not there.",
    },
  },
  open: async ({ rootPath }, { folder }) => {
    const root = resolve(folder, rootPath);
    await mkdir(root, { recursive: true });
    return new FileBinding(await realpath(root), systemRandom);
  },
});
