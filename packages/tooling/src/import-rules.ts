import { posix } from "node:path";
import {
  allowedFor,
  ourPackage,
  packageFolder,
  RUNTIME_MAY_IMPORT,
  TESTS_MAY_IMPORT,
} from "./package-table.ts";

/** A file of the repository; `path` is relative to its top and has forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface PackageManifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

// The formatter puts statements at the start of a line, and the lines of a comment begin with a
// space and a star.
const STATIC_IMPORT = /^(?:import|export)\s+(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']/gm;
const DYNAMIC_IMPORT = /^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*["']([^"']+)["']/gm;

/** Every module that the source imports or re-exports, types included. */
export function importsOf(text: string): string[] {
  return [STATIC_IMPORT, DYNAMIC_IMPORT].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match[1] ?? ""),
  );
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** Imports of our packages against the table. */
export function checkPackageImports(file: SourceFile): string[] {
  const folder = packageFolder(file.path);
  if (folder === undefined) return [];
  const allowed = allowedFor(folder);
  if (allowed === undefined)
    return [`${file.path}: ${folder} is not in the package table; add it there`];
  const own = folder.slice(folder.lastIndexOf("/") + 1);
  return importsOf(file.text).flatMap((specifier) => {
    const imported = ourPackage(specifier);
    if (imported === undefined || allowed.includes(imported)) return [];
    if (isTest(file.path) && (imported === own || TESTS_MAY_IMPORT.includes(imported))) return [];
    return [`${file.path}: ${folder} may not import ${specifier}, only ${listed(allowed)}`];
  });
}

/**
 * The dependencies of a package.json against the table. `devDependencies` are for tests, so they
 * may hold the testkit.
 */
export function checkManifest(path: string, manifest: PackageManifest): string[] {
  const folder = packageFolder(path);
  const allowed = folder === undefined ? undefined : allowedFor(folder);
  if (allowed === undefined)
    return [`${path}: ${folder ?? "this folder"} is not in the package table; add it there`];
  const check = (names: readonly string[], also: readonly string[]): string[] =>
    names.flatMap((name) => {
      const ours = ourPackage(name);
      if (ours === undefined || allowed.includes(ours) || also.includes(ours)) return [];
      return [`${path}: ${folder} may not depend on ${name}, only on ${listed(allowed)}`];
    });
  return [
    ...check(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }), []),
    ...check(Object.keys(manifest.devDependencies ?? {}), TESTS_MAY_IMPORT),
  ];
}

/**
 * What production sources import of ours must be declared, or the published package would not
 * install.
 */
export function checkDeclared(file: SourceFile, manifest: PackageManifest): string[] {
  if (isTest(file.path)) return [];
  return importsOf(file.text)
    .filter((specifier) => ourPackage(specifier) !== undefined && !isDeclared(specifier, manifest))
    .map(
      (specifier) =>
        `${file.path}: imports ${specifier}, which is not in the dependencies of its package.json`,
    );
}

function isDeclared(
  specifier: string,
  { dependencies, optionalDependencies }: PackageManifest,
): boolean {
  // `@troupe/etcd/provider` is a part of `@troupe/etcd`.
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return dependencies?.[name] !== undefined || optionalDependencies?.[name] !== undefined;
}

/** A relative import that leaves the package: packages import each other by name. */
export function checkRelativeImports(file: SourceFile): string[] {
  const folder = packageFolder(file.path);
  if (folder === undefined) return [];
  return importsOf(file.text)
    .filter((specifier) => specifier.startsWith("."))
    .filter((specifier) => !resolveFrom(file.path, specifier).startsWith(`${folder}/`))
    .map(
      (specifier) => `${file.path}: ${specifier} leaves ${folder}; import packages by their name`,
    );
}

const RUNTIME_SOURCES = "packages/runtime/src/";

/**
 * The arrows between the folders of `runtime`. A file beside the folders may be imported from a
 * folder only if it imports no folder itself, since it would be a way around the arrows otherwise.
 */
export function checkRuntimeFolders(files: readonly SourceFile[]): string[] {
  const composing = new Set(files.filter((file) => isComposing(file)).map((file) => file.path));
  return files
    .filter((file) => file.path.startsWith(RUNTIME_SOURCES) && !isTest(file.path))
    .flatMap((file) => {
      const folder = runtimeFolder(file.path);
      if (folder === undefined) return [];
      const allowed = RUNTIME_MAY_IMPORT[folder];
      if (allowed === undefined)
        return [`${file.path}: the folder ${folder} is not in the table of runtime's folders`];
      return runtimeImports(file).flatMap((target) => {
        const targetFolder = runtimeFolder(target);
        if (targetFolder === undefined) {
          return composing.has(target)
            ? [`${file.path}: may not import ${target}, which composes the folders`]
            : [];
        }
        if (targetFolder === folder || allowed.includes(targetFolder)) return [];
        return [
          `${file.path}: ${folder} may not import ${targetFolder} (${target}), only ${listed(allowed)}`,
        ];
      });
    });
}

function isComposing(file: SourceFile): boolean {
  return (
    file.path.startsWith(RUNTIME_SOURCES) &&
    runtimeFolder(file.path) === undefined &&
    runtimeImports(file).some((target) => runtimeFolder(target) !== undefined)
  );
}

function runtimeImports(file: SourceFile): string[] {
  return importsOf(file.text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => resolveFrom(file.path, specifier));
}

function runtimeFolder(path: string): string | undefined {
  const inside = path.slice(RUNTIME_SOURCES.length);
  return inside.includes("/") ? inside.slice(0, inside.indexOf("/")) : undefined;
}

function resolveFrom(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "nothing of ours" : names.join(", ");
}
