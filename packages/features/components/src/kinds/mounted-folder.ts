import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";

/** Where Kubernetes swaps the files of a mount, all at once. */
const SWAPPED = "..data";

/** How often files are read again when one of them goes away in between. */
const READS_MAX = 5;

/**
 * The texts of the files in a folder, by their names. Names that begin with a dot do not count, and
 * neither do folders. In a mount of Kubernetes all are of one moment.
 */
export async function textsInFolder(folder: string): Promise<ReadonlyMap<string, string>> {
  for (let reads = 1; ; reads++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- a swap in the middle is rare, and starts anew.
      return await textsOnce(await currentFolder(folder));
    } catch (error) {
      if (!isMissing(error) || reads >= READS_MAX) throw error;
    }
  }
}

/** The text of a file in a folder; undefined if there is none of this name. */
export async function textInFolder(folder: string, name: string): Promise<string | undefined> {
  if (!isPlainName(name)) return undefined;
  try {
    return await readFile(join(folder, name), "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True for a name that cannot lead out of a folder and that Kubernetes does not use itself. */
export function isPlainName(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !/[/\\\0]/.test(name);
}

/** True if a file or a folder is not there. */
export function isMissing(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === "ENOENT" || code === "ENOTDIR";
}

async function currentFolder(folder: string): Promise<string> {
  try {
    return await realpath(join(folder, SWAPPED));
  } catch (error) {
    if (isMissing(error)) return folder;
    throw error;
  }
}

async function textsOnce(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => isPlainName(name)).toSorted();
  const texts = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return (await stat(path)).isFile() ? [[name, await readFile(path, "utf8")] as const] : [];
    }),
  );
  return new Map(texts.flat());
}
