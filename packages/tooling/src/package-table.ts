/**
 * Which package may import which: the table of the design, as data. The tidy test holds every source file and every
 * package.json against it, because `tsc -b` lets any workspace package import any other.
 */

/** Packages that are published under the name itself rather than as `@troupe/<name>`. */
const UNSCOPED: ReadonlySet<string> = new Set(["troupe"]);

const PROVIDERS = ["memory", "embedded", "grpc", "etcd", "redis"] as const;
const SPINE = ["core", "sdk", "client", "runtime"] as const;
const ALL = [...SPINE, ...PROVIDERS, "testkit", "troupe"] as const;

/** By folder, with what its production sources may import. A folder that is not here is an error: add it and say why. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/sdk": ["core"],
  "packages/client": ["core", "sdk"],
  "packages/runtime": ["core", "sdk", "client"],
  "packages/memory": ["core"],
  "packages/embedded": ["core"],
  "packages/grpc": ["core"],
  "packages/etcd": ["core"],
  "packages/redis": ["core"],
  "packages/testkit": ["core", "sdk", "client", "runtime", "memory"],
  "packages/troupe": [...SPINE, ...PROVIDERS],
  "packages/bench": ALL,
  "packages/tooling": [],
  "cluster-tests": ALL,
  // An example is what a user writes, so it has what a user installs.
  "examples/*": ["troupe"],
};

/** Tests of every package may use these besides. */
export const TESTS_MAY_IMPORT: readonly string[] = ["testkit", "memory"];

/** Which folder of `packages/runtime/src` may import which. Files beside the folders compose them, or are shared. */
export const RUNTIME_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  routing: ["ownership", "activation"],
  ownership: [],
  membership: [],
  activation: [],
  reminders: [],
  durability: ["activation", "reminders"],
  ticks: ["activation", "durability", "reminders"],
  inspect: ["routing", "ownership", "membership", "activation", "durability", "reminders"],
};

/** Everything that may lie at the top of the repository. */
export const TOP_LEVEL: readonly string[] = [
  ".ci",
  ".gitignore",
  ".npmrc",
  "LICENSE",
  "README.md",
  "cluster-tests",
  "docker-compose.yml",
  "docs",
  "examples",
  "package-lock.json",
  "package.json",
  "packages",
  "proto",
  "tsconfig.json",
];

/** The short name of one of our packages from an import specifier, or undefined if the specifier is not ours. */
export function ourPackage(specifier: string): string | undefined {
  const [first = "", second = ""] = specifier.split("/");
  if (first === "@troupe") return second;
  return UNSCOPED.has(first) ? first : undefined;
}

/** The package that a path of the repository belongs to: `packages/core`, `cluster-tests`, `examples/bank`. */
export function packageFolder(path: string): string | undefined {
  const [first = "", second = ""] = path.split("/");
  if (first === "packages" || first === "examples") return second === "" ? undefined : `${first}/${second}`;
  return first === "cluster-tests" ? first : undefined;
}

/** What the package in `folder` may import, or undefined if the table does not know it. */
export function allowedFor(folder: string): readonly string[] | undefined {
  return MAY_IMPORT[folder.startsWith("examples/") ? "examples/*" : folder];
}
