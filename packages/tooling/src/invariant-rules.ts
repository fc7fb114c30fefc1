import type { SourceFile } from "./import-rules.ts";

/** An invariant that a comment states: `MBX-1. Turns start in …`. */
export interface Invariant {
  readonly id: string;
  readonly path: string;
  readonly line: number;
}

const COMMENT_LINE = /^\s*(?:\/\*\*?|\*|\/\/)/;
const DEFINITION = /^\s*(?:\*|\/\/)\s+([A-Z]{2,5}-\d+)\. /;
const BARE_DEFINITION = /^\s*(?:\*|\/\/)\s+([A-Z]{1,5}\d+)\. /;
const CITATION = /(?<![\w-])([A-Z]{2,5})-(\d+)(?![\w-])/g;
const DESIGN_CITATION = /(?<![\w-])([ACDKOPVW]\d{1,2})(?![\w-])/g;

/** Names of standards that look like the id of an invariant. */
const STANDARDS: ReadonlySet<string> = new Set(["UTF", "SHA", "ISO", "RFC", "AES", "IEEE", "TLS"]);

function commentLines({ text }: SourceFile): { readonly line: number; readonly text: string }[] {
  return text
    .split("\n")
    .map((content, index) => ({ line: index + 1, text: content }))
    .filter(({ text: content }) => COMMENT_LINE.test(content));
}

/** The invariants that the comments of these files state. */
export function invariantsOf(files: readonly SourceFile[]): Invariant[] {
  return files.flatMap((file) =>
    commentLines(file).flatMap(({ line, text }) => {
      const id = DEFINITION.exec(text)?.[1];
      return id === undefined ? [] : [{ id, path: file.path, line }];
    }),
  );
}

/** An id has one meaning in the whole repository, so each is stated once. */
export function checkStatedOnce(invariants: readonly Invariant[]): string[] {
  const first = new Map<string, Invariant>();
  return invariants.flatMap((invariant) => {
    const { id, path, line } = invariant;
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, invariant);
      return [];
    }
    return [`${path}:${line}: ${id} is stated in ${before.path} as well; choose another prefix`];
  });
}

/** An id such as `M1` says nothing outside of its file, so a stated one has a prefix. */
export function checkPrefixed(file: SourceFile): string[] {
  return commentLines(file).flatMap(({ line, text }) => {
    const id = BARE_DEFINITION.exec(text)?.[1];
    return id === undefined
      ? []
      : [`${file.path}:${line}: ${id} needs a prefix of 2 to 5 letters and a hyphen, as in MBX-1`];
  });
}

/**
 * What a comment cites is stated somewhere. `design` are the ids of the design, which
 * docs/architecture.md lists.
 */
export function checkCitations(
  file: SourceFile,
  invariants: ReadonlySet<string>,
  design: ReadonlySet<string>,
): string[] {
  return commentLines(file).flatMap(({ line, text }) => {
    const own = [...text.matchAll(CITATION)]
      .filter(([, prefix = ""]) => !STANDARDS.has(prefix))
      .map(([id]) => id)
      .filter((id) => !invariants.has(id));
    const designed = [...text.matchAll(DESIGN_CITATION)]
      .map(([, id = ""]) => id)
      .filter((id) => !design.has(id));
    return [...own, ...designed].map((id) => `${file.path}:${line}: ${id} is stated nowhere`);
  });
}

/** The ids of the design that the index of docs/architecture.md lists: `- **C1.** …`. */
export function designIds(architecture: string): ReadonlySet<string> {
  return new Set([...architecture.matchAll(/^- \*\*([A-Z]\d+)\.\*\*/gm)].map(([, id = ""]) => id));
}
