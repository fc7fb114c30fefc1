import { ERROR_CODES } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { undocumentedExports } from "./export-rules.ts";
import {
  checkCitations,
  checkPrefixed,
  checkStatedOnce,
  designIds,
  invariantsOf,
} from "./invariant-rules.ts";
import { MAY_IMPORT, packageFolder } from "./package-table.ts";
import {
  checkCommentWidth,
  checkPackageReadme,
  checkRuntimeWords,
  namedPaths,
} from "./prose-rules.ts";
import { filesBelow, isThere, paths, read, sources } from "./repository.ts";

/** The packages whose exports people read in their editors. */
const DOCUMENTED = [
  "packages/core",
  "packages/sdk",
  "packages/client",
  "packages/host",
  "packages/troupe",
  "packages/testing/testkit",
  "packages/operations/admin",
  "packages/features/components",
  "packages/features/components-postgres",
  "packages/features/components-redis",
];

const packages = paths.filter((path) => path === `${packageFolder(path)}/package.json`);
const invariants = invariantsOf(sources);
const architecture = read("docs/architecture.md").text;

describe("the prose of the repository", () => {
  it("states each invariant once, under an id with a prefix", () => {
    expect(invariants.length).toBeGreaterThan(100);
    expect(checkStatedOnce(invariants)).toEqual([]);
    expect(sources.flatMap((file) => checkPrefixed(file))).toEqual([]);
  });

  it("cites only invariants that are stated", () => {
    const stated = new Set(invariants.map(({ id }) => id));
    const design = designIds(architecture);
    expect(design.size).toBeGreaterThan(15);
    expect(sources.flatMap((file) => checkCitations(file, stated, design))).toEqual([]);
  });

  it("keeps comments within 100 columns", () => {
    expect(sources.flatMap((file) => checkCommentWidth(file))).toEqual([]);
  });

  it("names no feature and no provider in runtime", () => {
    expect(sources.flatMap((file) => checkRuntimeWords(file))).toEqual([]);
  });

  it("has a docstring on everything that it exports", () => {
    const missing = DOCUMENTED.flatMap((folder) =>
      undocumentedExports(read(`${folder}/src/index.ts`), read),
    );
    expect(missing).toEqual([]);
  });

  it("has a README of a screen in each package", () => {
    const folders = packages.map((path) => path.replace(/\/package\.json$/, ""));
    const problems = folders
      .filter((folder) => folder.startsWith("packages/"))
      .flatMap((folder) => {
        const path = `${folder}/README.md`;
        return checkPackageReadme(folder, isThere(path) ? read(path).text : undefined);
      });
    expect(problems).toEqual([]);
  });

  it("names only paths that exist in its pages", () => {
    const pages = ["README.md", ...filesBelow("docs"), ...paths].filter((path) =>
      path.endsWith(".md"),
    );
    const missing = pages.flatMap((page) =>
      namedPaths(read(page).text)
        .filter((path) => !isThere(path))
        .map((path) => `${page}: ${path} does not exist`),
    );
    expect(missing).toEqual([]);
  });
});

describe("docs/architecture.md", () => {
  it("lists the prefix of each invariant, and the file that states it", () => {
    const files = new Map(
      invariants.map(({ id, path }) => [id.slice(0, id.indexOf("-")), path] as const),
    );
    const rows = Array.from(files, ([prefix, path]) => `- \`${prefix}\`: \`${path}\``);
    expect(rows.filter((row) => !architecture.includes(`${row}\n`))).toEqual([]);
    expect(architecture.match(/^- `[A-Z]+`: /gm)).toHaveLength(rows.length);
  });

  it("has every row of the arrow table", () => {
    const missing = Object.keys(MAY_IMPORT).filter(
      (folder) =>
        !new RegExp(String.raw`^\| \`${RegExp.escape(folder)}\` +\|`, "m").test(architecture),
    );
    expect(missing).toEqual([]);
  });
});

function named(found: readonly RegExpExecArray[]): string[] {
  return found.map(([, event = ""]) => event);
}

describe("docs/errors.md", () => {
  it("has a section for each code, and for nothing else", () => {
    const sections = [...read("docs/errors.md").text.matchAll(/^### `([A-Z_]+)`$/gm)];
    const listed = sections.map(([, code = ""]) => code);
    const codes = Object.keys(ERROR_CODES);
    expect(new Set(listed)).toEqual(new Set(codes));
    expect(listed).toHaveLength(codes.length);
  });

  it("has a row for each event that code logs, and for nothing else", () => {
    const rows = [...read("docs/errors.md").text.matchAll(/^\| `([a-z_]+)` +\|/gm)];
    const logged = sources
      .filter(({ path }) => path.includes("/src/") && !/\.test\.|testing\/|tooling\//.test(path))
      .flatMap(({ text }) => [...text.matchAll(/\bevent(?:: | = )"([a-z_]+)"/g)]);
    expect(named(rows).toSorted()).toEqual([...new Set(named(logged))].toSorted());
  });

  it("says of each code whether the method ran and whether to call again, as the code does", () => {
    const page = read("docs/errors.md").text;
    for (const [code, { ran, retryable }] of Object.entries(ERROR_CODES)) {
      expect(page).toContain(
        `### \`${code}\`\n\nRan: ${ran}. Retryable: ${retryable ? "yes" : "no"}.`,
      );
    }
  });
});
