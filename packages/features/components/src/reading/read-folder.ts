import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf } from "@troupe/core";
import type { ComponentProblems } from "./component-problems.ts";
import type { ComponentSpec } from "./component-spec.ts";
import { readManifest } from "./read-manifest.ts";
import { readYaml } from "./yaml-node.ts";

/** Bytes of a file. Whoever has more has put something else there. */
const FILE_MAX_BYTES = 1024 * 1024;

/**
 * The components of a file, or of the files of a folder that end in `.yaml` or `.yml`, in the order
 * of their names. Folders inside of it are not read.
 */
export function readFolder(path: string, problems: ComponentProblems): ComponentSpec[] {
  return filesIn(path, problems).flatMap((file) => {
    const text = textIn(file, problems);
    return readYaml(file, text, problems).flatMap(
      (document) => readManifest(document, resolve(dirname(file)), problems) ?? [],
    );
  });
}

function filesIn(path: string, problems: ComponentProblems): string[] {
  try {
    if (statSync(path).isFile()) return [path];
    return readdirSync(path)
      .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith("."))
      .toSorted()
      .map((name) => join(path, name));
  } catch (error) {
    problems.add(path, `the components cannot be read: ${messageOf(error)}`);
    return [];
  }
}

function textIn(file: string, problems: ComponentProblems): string {
  try {
    if (statSync(file).size <= FILE_MAX_BYTES) return readFileSync(file, "utf8");
    problems.add(file, `the file has more than ${FILE_MAX_BYTES} bytes`);
  } catch (error) {
    problems.add(file, `the file cannot be read: ${messageOf(error)}`);
  }
  return "";
}
