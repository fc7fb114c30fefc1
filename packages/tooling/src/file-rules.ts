import { posix } from "node:path";
import type { SourceFile } from "./import-rules.ts";
import { TOP_LEVEL } from "./package-table.ts";

const LINES_MAX = 400;

/** Names that say nothing of what is inside, so anything ends up there. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  "utils",
  "helpers",
  "common",
  "types",
  "misc",
]);

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

export function checkFileName(path: string): string[] {
  const name = posix.basename(path);
  const stem = name.split(".", 1)[0] ?? name;
  if (FORBIDDEN_NAMES.has(stem))
    return [`${path}: ${stem} is a forbidden name; name the file as its one noun or decision`];
  return KEBAB_CASE.test(name) ? [] : [`${path}: file names are kebab-case`];
}

export function checkLength(file: SourceFile): string[] {
  const lines = file.text.split("\n").length - (file.text.endsWith("\n") ? 1 : 0);
  return lines <= LINES_MAX
    ? []
    : [`${file.path}: ${lines} lines; at most ${LINES_MAX}, so split it by its nouns`];
}

const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const RE_EXPORT =
  /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"[^"]+";?|export\s*\{\s*\};?/g;

/** An `index.ts` lists the public API and holds no code. */
export function checkIndex(file: SourceFile): string[] {
  if (posix.basename(file.path) !== "index.ts") return [];
  const rest = file.text.replace(COMMENT, "").replace(RE_EXPORT, "").trim();
  return rest === "" ? [] : [`${file.path}: holds more than re-exports: ${rest.split("\n", 1)[0]}`];
}

// A class of one letter, so that this file passes its own rule.
const UNFINISHED = /\b(?:TO[D]O|FIX[M]E)\b(?!\s*\(?#\d+)/;

/** What is left to do has an issue, whose number stands behind the word. */
export function checkUnfinished(file: SourceFile): string[] {
  return file.text
    .split("\n")
    .flatMap((line, index) =>
      UNFINISHED.test(line)
        ? [`${file.path}:${index + 1}: left to do without an issue; write its number as (#12)`]
        : [],
    );
}

/** The names at the top of the repository. */
export function checkTopLevel(names: readonly string[]): string[] {
  return names
    .filter((name) => !TOP_LEVEL.includes(name))
    .map(
      (name) =>
        `${name}: the top level of the repository is fixed; put it into a package or into packages/tooling`,
    );
}
