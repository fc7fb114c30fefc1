import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "./import-rules.ts";

/** The top of the repository. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Folders that tools make. */
export const NOT_OURS: ReadonlySet<string> = new Set(["node_modules", "dist"]);

/** Paths of all files below `folder`, relative to the top of the repository. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(`${ROOT}/${folder}`)) return [];
  return readdirSync(`${ROOT}/${folder}`, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name) || entry.name.startsWith(".")) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

export function isThere(path: string): boolean {
  return existsSync(`${ROOT}/${path}`);
}

export function read(path: string): SourceFile {
  return { path, text: readFileSync(`${ROOT}/${path}`, "utf8") };
}

/** Every file of the packages, the examples and the cluster tests. */
export const paths: readonly string[] = ["packages", "cluster-tests", "examples"].flatMap(
  (folder) => filesBelow(folder),
);

/** Those of them that hold code. */
export const sources: readonly SourceFile[] = paths
  .filter((path) => /\.(ts|js)$/.test(path))
  .map((path) => read(path));
