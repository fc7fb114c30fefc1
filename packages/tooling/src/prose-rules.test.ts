import { describe, expect, it } from "vitest";
import { undocumentedExports } from "./export-rules.ts";
import type { SourceFile } from "./import-rules.ts";
import {
  checkCitations,
  checkPrefixed,
  checkStatedOnce,
  designIds,
  invariantsOf,
} from "./invariant-rules.ts";
import {
  checkCommentWidth,
  checkPackageReadme,
  checkRuntimeWords,
  namedPaths,
} from "./prose-rules.ts";

function file(text: string, path = "packages/runtime/src/silo.ts"): SourceFile {
  return { path, text };
}

// Put together, so that this file states and cites nothing itself.
const id = (prefix: string, number: number): string => `${prefix}-${number}`;

describe("the rules of invariants", () => {
  const stating = file(`/**\n * ${id("MBX", 1)}. Turns start in order.\n */\n`);

  it("let an id be stated once", () => {
    const twice = [stating, file(stating.text, "packages/sdk/src/actor.ts")];
    expect(checkStatedOnce(invariantsOf([stating]))).toEqual([]);
    expect(checkStatedOnce(invariantsOf(twice))).toEqual([
      expect.stringContaining("packages/sdk/src/actor.ts:2: MBX-1 is stated in"),
    ]);
  });

  it("refuse a stated id without a prefix", () => {
    expect(checkPrefixed(stating)).toEqual([]);
    expect(checkPrefixed(file(" * M#. Turns start in order.\n".replace("#", "1")))).toHaveLength(1);
  });

  it("refuse a citation of what is stated nowhere", () => {
    const known = new Set([id("MBX", 1)]);
    const design = designIds("- **C1.** One activation.\n");
    const check = (text: string): string[] => checkCitations(file(text), known, design);
    expect(check(`// In order (${id("MBX", 1)}, C1), as UTF-8.\n`)).toEqual([]);
    expect(check(`// In order (${id("MBX", 2)}).\n`)).toHaveLength(1);
    expect(check("// One at a time (C#).\n".replace("#", "9"))).toHaveLength(1);
    expect(check(`const key = "${id("MBX", 2)}";\n`)).toEqual([]);
  });
});

describe("the rules of prose", () => {
  it("refuse a comment of 101 columns, and leave strings alone", () => {
    expect(checkCommentWidth(file(`// ${"x".repeat(97)}\n`))).toEqual([]);
    expect(checkCommentWidth(file(`// ${"x".repeat(98)}\n`))).toHaveLength(1);
    expect(checkCommentWidth(file(`  * ${"x".repeat(98)}\n`))).toHaveLength(1);
    expect(checkCommentWidth(file(`const text = "${"x".repeat(98)}";\n`))).toEqual([]);
  });

  it("refuse the name of a feature or a provider in runtime", () => {
    expect(checkRuntimeWords(file("const onRedispatch = 1;\n"))).toEqual([]);
    expect(checkRuntimeWords(file("// The workflow is told.\n"))).toHaveLength(1);
    expect(checkRuntimeWords(file("// Redis is slow.\n"))).toHaveLength(1);
    expect(checkRuntimeWords(file("// A workflow.\n", "packages/cli/src/main.ts"))).toEqual([]);
    expect(
      checkRuntimeWords(file("// A workflow.\n", "packages/runtime/src/silo.test.ts")),
    ).toEqual([]);
  });

  it("ask for a short README that says what a package may import", () => {
    const readme = "# core\n\nThe vocabulary.\n\nIt imports nothing of ours.\n";
    expect(checkPackageReadme("packages/core", readme)).toEqual([]);
    expect(checkPackageReadme("packages/core", undefined)).toHaveLength(1);
    expect(
      checkPackageReadme("packages/core", readme.replace("imports nothing", "has nothing")),
    ).toHaveLength(1);
    expect(checkPackageReadme("packages/core", "x\n".repeat(30))).toHaveLength(3);
  });

  it("find the paths that a page names", () => {
    expect(
      namedPaths("See `packages/core/src/clock.ts`, `docs/errors.md` and `npm test`."),
    ).toEqual(["packages/core/src/clock.ts", "docs/errors.md"]);
  });
});

describe("the rule of docstrings", () => {
  const files = new Map([
    ["p/a.ts", "/** A. */\nexport const a = 1;\nexport interface B {}\nconst c = 2;\n"],
    ["p/d.ts", "export type D = string;\nexport function e(): void {}\n"],
  ]);
  const read = (path: string): SourceFile => file(files.get(path) ?? "", path);
  const check = (text: string): string[] => undocumentedExports(file(text, "p/index.ts"), read);

  it("finds the exports without one, through every form of re-export", () => {
    expect(check('export * from "./a.ts";\n')).toEqual([
      "p/a.ts: B is exported and has no docstring",
    ]);
    expect(check('export { type D } from "./d.ts";\nexport { a } from "./a.ts";\n')).toEqual([
      "p/d.ts: D is exported and has no docstring",
    ]);
    expect(check('export { x } from "@troupe/core";\n')).toEqual([]);
  });

  it("takes the docstring of the first overload for all", () => {
    files.set("p/f.ts", "/** F. */\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;\n");
    expect(check('export * from "./f.ts";\n')).toEqual([]);
  });
});
