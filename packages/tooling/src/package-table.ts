/**
 * Which package may import which: the table of the design, as data. The tidy test holds every
 * source file and every package.json against it, because `tsc -b` lets any workspace package import
 * any other.
 */

/** Packages that are published under the name itself rather than as `@troupe/<name>`. */
const UNSCOPED: ReadonlySet<string> = new Set(["troupe"]);

const SPINE = ["core", "sdk", "client", "runtime"] as const;
const PROVIDERS = ["memory", "embedded", "grpc", "etcd", "redis", "postgres"] as const;
const TESTING = ["testkit", "conformance", "simulator", "services"] as const;
const FEATURES = [
  "components",
  "components-postgres",
  "components-redis",
  "topics",
  "workflow",
] as const;
const OPERATIONS = ["admin", "observability"] as const;
const ALL = [
  ...SPINE,
  ...PROVIDERS,
  ...FEATURES,
  ...OPERATIONS,
  ...TESTING,
  "host",
  "cli",
  "troupe",
] as const;

/**
 * By folder, with what its production sources may import. `group/*` stands for every package of a
 * group. A folder that is not here is an error: add it and say why.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "packages/core": [],
  "packages/sdk": ["core"],
  "packages/client": ["core", "sdk"],
  "packages/runtime": ["core", "sdk", "client"],
  "packages/providers/*": ["core"],
  // A feature is built on what users have; `runtime` never names one, and no feature names
  // `runtime`.
  "packages/features/*": ["core", "sdk", "client"],
  "packages/operations/*": ["core", "sdk", "client"],
  "packages/testing/testkit": [...SPINE, "memory"],
  "packages/testing/conformance": ["core", "testkit"],
  // And features, which the faults of a whole cluster try as they try the runtime.
  "packages/testing/simulator": [
    ...SPINE,
    "topics",
    "workflow",
    "admin",
    "memory",
    "testkit",
    "conformance",
  ],
  "packages/testing/services": ["core"],
  // As a feature would, so that its test proves that a feature needs no more.
  "packages/testing/sample-feature": ["core", "sdk", "client"],
  // And the features that every silo and every client has, or gets if it is told so.
  "packages/host": [...SPINE, ...PROVIDERS, "components", "topics"],
  "packages/cli": ["core", "sdk", "client", "components", "host", "admin"],
  "packages/troupe": [...SPINE, "topics", "host", "cli"],
  "packages/bench": ALL,
  // The repository runs its own tests with the plugin that users have, and checks that docs list
  // every error code and describe every type of component.
  "packages/tooling": ["core", "troupe", "components", "components-postgres", "components-redis"],
  "cluster-tests": ALL,
  // An example is what a user writes, so it has what a user installs.
  "examples/*": ["troupe"],
};

/** Tests of every package may use these besides. */
export const TESTS_MAY_IMPORT: readonly string[] = [...TESTING, "memory", "troupe"];

/**
 * Which folder of `packages/runtime/src` may import which. Files beside the folders compose them,
 * or are shared.
 */
export const RUNTIME_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  routing: ["ownership", "activation", "streams"],
  ownership: [],
  membership: [],
  activation: [],
  // Each durable part with its fields, its system turns and its service.
  reminders: [],
  sends: [],
  idempotency: [],
  // Streams: served between two items, like calls.
  streams: ["activation"],
  durability: ["activation", "reminders", "sends"],
  inspect: ["routing", "ownership", "membership", "activation", "durability", "reminders", "sends"],
  silo: [
    "routing",
    "ownership",
    "membership",
    "activation",
    "reminders",
    "sends",
    "idempotency",
    "streams",
    "durability",
    "inspect",
  ],
  // What tests of the other folders share.
  testing: [],
};

/** Everything that may lie at the top of the repository. */
export const TOP_LEVEL: readonly string[] = [
  ".ci",
  ".gitignore",
  ".npmrc",
  "LICENSE",
  "README.md",
  "cluster-tests",
  "deploy",
  "docker-compose.yml",
  "docs",
  "examples",
  "package-lock.json",
  "package.json",
  "packages",
  "proto",
  "tsconfig.json",
];

/**
 * The short name of one of our packages from an import specifier, or undefined if the specifier is
 * not ours.
 */
export function ourPackage(specifier: string): string | undefined {
  const [first = "", second = ""] = specifier.split("/");
  if (first === "@troupe") return second;
  return UNSCOPED.has(first) ? first : undefined;
}

/** Folders of `packages` that hold packages and are none themselves. */
const GROUPS: ReadonlySet<string> = new Set(["providers", "features", "operations", "testing"]);

/**
 * The package that a path of the repository belongs to: `packages/core`,
 * `packages/providers/redis`, `cluster-tests`.
 */
export function packageFolder(path: string): string | undefined {
  const parts = path.split("/");
  const [first = "", second = ""] = parts;
  if (first === "cluster-tests") return first;
  if (first !== "packages" && first !== "examples") return undefined;
  const length = first === "packages" && GROUPS.has(second) ? 3 : 2;
  return parts.length < length || parts[length - 1] === ""
    ? undefined
    : parts.slice(0, length).join("/");
}

/** What the package in `folder` may import, or undefined if the table does not know it. */
export function allowedFor(folder: string): readonly string[] | undefined {
  return MAY_IMPORT[folder] ?? MAY_IMPORT[folder.replace(/[^/]+$/, "*")];
}
