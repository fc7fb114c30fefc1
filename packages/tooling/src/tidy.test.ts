import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  checkFileName,
  checkIndex,
  checkLength,
  checkTopLevel,
  checkUnfinished,
} from "./file-rules.ts";
import {
  checkDeclared,
  checkManifest,
  checkPackageImports,
  checkRelativeImports,
  checkRuntimeFolders,
  type PackageManifest,
  type SourceFile,
} from "./import-rules.ts";
import { packageFolder } from "./package-table.ts";
import { NOT_OURS, paths, read, ROOT, sources } from "./repository.ts";

// Of the packages themselves: a manifest deeper inside says what something installs elsewhere.
const manifests = new Map(
  paths
    .filter((path) => path === `${packageFolder(path)}/package.json`)
    .map(
      (path) =>
        [
          packageFolder(path),
          { path, manifest: JSON.parse(read(path).text) as PackageManifest },
        ] as const,
    ),
);

/**
 * What lies at the top and is not ignored; without git (an unpacked archive) everything but what
 * tools leave there.
 */
function topLevelNames(): string[] {
  try {
    const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    return [...new Set(listed.split("\n").map((path) => path.split("/", 1)[0] ?? ""))].filter(
      (name) => name !== "",
    );
  } catch {
    return readdirSync(ROOT).filter(
      (name) => !NOT_OURS.has(name) && name !== ".git" && name !== ".troupe",
    );
  }
}

function nameIn({ text }: SourceFile): string {
  return (JSON.parse(text) as { readonly name: string }).name;
}

describe("the repository", () => {
  it("has sources to look at", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(manifests.size).toBeGreaterThan(10);
  });

  it("imports packages only along the arrows of the package table", () => {
    expect(sources.flatMap((file) => checkPackageImports(file))).toEqual([]);
  });

  it("depends on packages only along the arrows of the package table", () => {
    expect(
      [...manifests.values()].flatMap(({ path, manifest }) => checkManifest(path, manifest)),
    ).toEqual([]);
  });

  it("declares every package that it imports", () => {
    const problems = sources.flatMap((file) => {
      const found = manifests.get(packageFolder(file.path));
      return found === undefined ? [] : checkDeclared(file, found.manifest);
    });
    expect(problems).toEqual([]);
  });

  it("imports folders of runtime only along their arrows", () => {
    expect(checkRuntimeFolders(sources)).toEqual([]);
  });

  it("has no relative import that leaves a package", () => {
    expect(sources.flatMap((file) => checkRelativeImports(file))).toEqual([]);
  });

  it("names its files in kebab-case and after what they hold", () => {
    expect(sources.flatMap((file) => checkFileName(file.path))).toEqual([]);
  });

  it("has files of at most 400 lines", () => {
    expect(sources.flatMap((file) => checkLength(file))).toEqual([]);
  });

  it("has index files that hold no code", () => {
    expect(sources.flatMap((file) => checkIndex(file))).toEqual([]);
  });

  it("leaves nothing to do without an issue", () => {
    expect(sources.flatMap((file) => checkUnfinished(file))).toEqual([]);
  });

  it("packs together whatever `troupe` and the test kit need", () => {
    const { scripts } = JSON.parse(read("package.json").text) as {
      readonly scripts: { readonly packages: string };
    };
    const packed = [...scripts.packages.matchAll(/-w (\S+)/g)].map(([, folder = ""]) => folder);
    const names = packed.map((folder) => read(`${folder}/package.json`)).map(nameIn);
    const needed = packed.flatMap((folder) => {
      const manifest = manifests.get(folder)?.manifest;
      return Object.keys({ ...manifest?.dependencies, ...manifest?.optionalDependencies });
    });
    expect(names).toEqual(expect.arrayContaining(["troupe", "@troupe/testkit", "@troupe/cli"]));
    const missing = needed.filter((name) => name.startsWith("@troupe/") && !names.includes(name));
    expect(missing).toEqual([]);
  });

  it("keeps its top level", () => {
    expect(checkTopLevel(topLevelNames())).toEqual([]);
  });
});
