import { posix } from "node:path";
import type { SourceFile } from "./import-rules.ts";

const COLUMNS_MAX = 100;

/** The formatter breaks code and leaves comments as they are. */
export function checkCommentWidth(file: SourceFile): string[] {
  return file.text
    .split("\n")
    .flatMap((line, index) =>
      /^\s*(?:\/\*|\*|\/\/)/.test(line) && line.length > COLUMNS_MAX
        ? [
            `${file.path}:${index + 1}: a comment of ${line.length} columns; ` +
              `at most ${COLUMNS_MAX}`,
          ]
        : [],
    );
}

/**
 * What is built on the silo or plugged into it. The silo knows none of it, so that the next feature
 * and the next provider need no change there.
 */
const NOT_OF_THE_RUNTIME = [
  "workflow topic topics pubsub publish publishes published subscribe subscription binding bindings",
  "dapr dashboard prometheus opentelemetry otel broker kafka rabbitmq nats mqtt postgres mongodb",
  "redis ioredis etcd lmdb grpc",
]
  .join(" ")
  .split(" ");

/** Names of features and providers in the sources of `runtime`, as whole words of any line. */
export function checkRuntimeWords(file: SourceFile): string[] {
  if (!file.path.startsWith("packages/runtime/src/") || file.path.endsWith(".test.ts")) return [];
  return file.text.split("\n").flatMap((line, index) => {
    const words = new Set(line.toLowerCase().match(/[a-z]+/g));
    const word = NOT_OF_THE_RUNTIME.find((name) => words.has(name));
    return word === undefined
      ? []
      : [`${file.path}:${index + 1}: runtime names ${word}; let it register through a seam`];
  });
}

/** The README of a package fits on a screen: what it is, what it may import, where to start. */
export function checkPackageReadme(folder: string, readme: string | undefined): string[] {
  if (readme === undefined) return [`${folder}: has no README.md`];
  const lines = readme.trimEnd().split("\n");
  const problems: string[] = [];
  if (!lines[0]?.startsWith("# ")) problems.push("begins with a heading");
  if (lines.length < 5 || lines.length > 25) problems.push("has 5 to 25 lines");
  if (!/\bmay import\b|\bimports nothing\b/i.test(readme))
    problems.push("says what the package may import");
  return problems.map((problem) => `${folder}/README.md: a package's README ${problem}`);
}

/** Paths that a page names in backticks: `packages/core/src/clock.ts`, `docs`, and the like. */
export function namedPaths(page: string): string[] {
  return [...page.matchAll(/`((?:packages|examples|cluster-tests|docs|proto)\/[^`\s*<]+)`/g)].map(
    ([, path = ""]) => posix.normalize(path).replace(/\/$/, ""),
  );
}
