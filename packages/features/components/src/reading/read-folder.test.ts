import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ComponentProblems } from "./component-problems.ts";
import type { ComponentSpec } from "./component-spec.ts";
import { readFolder } from "./read-folder.ts";
import { readYaml } from "./yaml-node.ts";

const GOLDEN = fileURLToPath(new URL("../../golden", import.meta.url));

function readGolden(folder: string): readonly ComponentSpec[] {
  const problems = new ComponentProblems();
  const specs = readFolder(`${GOLDEN}/${folder}`, problems);
  problems.throwAny();
  return specs;
}

describe("readFolder", () => {
  it("reads the component files of Dapr as they are, and leaves other kinds alone", () => {
    const specs = readGolden("dapr");
    expect(specs.map(({ name, type, version }) => [name, type, version])).toEqual([
      ["orders", "state.postgresql", "v2"],
      ["vault", "secretstores.local.file", undefined],
      ["cache", "state.redis", "v1"],
    ]);
    const [orders, vault, cache] = specs;
    expect(orders).toMatchObject({
      secretStore: "vault",
      scopes: ["shop", "billing"],
      ignoreErrors: false,
      initTimeoutMs: 5_000,
      place: `${GOLDEN}/dapr/orders.yaml:2`,
      folder: `${GOLDEN}/dapr`,
    });
    expect(orders?.metadata.map(({ name, given }) => [name, given])).toEqual([
      ["connectionString", { kind: "secret", secret: "orders-db", key: "url" }],
      ["cleanupInterval", { kind: "text", text: "1m30s", isPlain: true }],
      ["maxConns", { kind: "text", text: "12", isPlain: true }],
      ["ActorStateStore", { kind: "text", text: "true", isPlain: false }],
    ]);
    expect(vault?.metadata[1]?.given).toEqual({ kind: "text", text: ".", isPlain: false });
    expect(cache).toMatchObject({ ignoreErrors: true, initTimeoutMs: 500, secretStore: undefined });
    expect(cache?.metadata.map(({ given }) => given)).toContainEqual({
      kind: "environment",
      variable: "REDIS_PASSWORD",
    });
  });

  it("keeps `no` and numbers as they are written, whatever YAML takes them for", () => {
    const texts = readGolden("dapr").flatMap(({ metadata }) =>
      metadata.map(({ name, given }) => [name, given.kind === "text" ? given.text : ""]),
    );
    expect(texts).toContainEqual(["enableTLS", "no"]);
    expect(texts).toContainEqual(["redisDB", "0"]);
  });

  it("says everything that is wrong at once, with files and lines", () => {
    const message = refusalOf("wrong");
    for (const line of [
      /fields\.yaml:1: apiVersion is dapr\.io\/v1alpha1/,
      /fields\.yaml:4: a component has no field sepc; did you mean spec\?/,
      /fields\.yaml:6: the spec has no field typ; did you mean type\?/,
      /fields\.yaml:8: a piece of metadata has no name/,
      /fields\.yaml:10: secretKeyRef has no name/,
      /fields\.yaml:11: redisDB has value and envRef; give one of them/,
      /fields\.yaml:1: the name "a b" has other characters/,
      /fields\.yaml:1: a b has no type/,
      /fields\.yaml:15: nothing is known of the kind Componet; did you mean Component\?/,
      /fields\.yaml:17: the document has no kind/,
    ])
      expect(message).toMatch(line);
    expect(message).toMatch(/^\[BAD_CONFIG\] 10 things are wrong with the components:\n/);
  });

  it("says where a file is no YAML at all", () => {
    const problems = new ComponentProblems();
    expect(readYaml("broken.yaml", 'kind: Component\nmetadata: { name: "a }\n', problems)).toEqual(
      [],
    );
    expect(() => problems.throwAny()).toThrow(/broken\.yaml:\d: Missing closing "quote/);
  });

  it("says which folder cannot be read", () => {
    expect(refusalOf("nowhere")).toMatch(/golden\/nowhere: the components cannot be read: ENOENT/);
  });
});

function refusalOf(folder: string): string {
  try {
    readGolden(folder);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  throw new Error("nothing was refused");
}
