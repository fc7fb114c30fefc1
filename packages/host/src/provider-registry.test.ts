import { homedir } from "node:os";
import { resolve } from "node:path";
import type { ParsedUrl, Provider } from "@troupe/core";
import { memoryProvider } from "@troupe/memory";
import { describe, expect, it } from "vitest";
import { registryOf } from "./handed-in-providers.ts";
import { ProviderRegistry } from "./provider-registry.ts";

const registry = new ProviderRegistry();

function location(parsed: ParsedUrl<{ readonly location: unknown }>): unknown {
  return parsed.kind === "location" ? parsed.location.location : parsed;
}

function refusal(providers: unknown): () => ProviderRegistry {
  return () => registryOf(providers as Provider[], "startSilo");
}

function right(parsed: ParsedUrl<unknown>): string {
  return parsed.kind === "wrong" ? parsed.right : "";
}

describe("the registry of providers, for members", () => {
  it("reads folders, relative and absolute", () => {
    expect(location(registry.membership("file:./data"))).toEqual({ folder: resolve("data") });
    expect(location(registry.membership("file:/data"))).toEqual({ folder: "/data" });
    expect(location(registry.membership("FILE:///data"))).toEqual({ folder: "/data" });
  });

  it("makes no folder of the name ~, and says what the user meant", () => {
    for (const url of ["file:~/x", "file://~/x"])
      expect(right(registry.membership(url))).toContain(`give "file:${homedir()}/x"`);
    expect(location(registry.stores("file:./~/x"))).toEqual({ folder: resolve("~/x") });
  });

  it("takes several hosts of etcd, credentials, and TLS", () => {
    expect(location(registry.membership("etcd://10.0.0.2:2379,etcd-3,[::1]:9"))).toEqual({
      endpoints: ["10.0.0.2:2379", "etcd-3:2379", "[::1]:9"],
    });
    expect(location(registry.membership("ETCDS://me:p%40ss@h:1"))).toEqual({
      endpoints: ["h:1"],
      username: "me",
      password: "p@ss",
      tls: {},
    });
  });

  it("says what would be right instead of a wrong URL", () => {
    for (const wrong of [
      "",
      "data",
      "file:",
      "file://",
      "http://h:1",
      "etcd://",
      "etcd://h:1,",
      "etcd://h:0",
      "etcd://h:1/path",
      "etcd://h:99999",
      "etcd://me:100%@h:1",
    ])
      expect(right(registry.membership(wrong)), wrong).toContain("give ");
    expect(right(registry.membership("file://data"))).toContain("file:./folder");
  });

  it("says what a provider holds that has no members, and which have some", () => {
    for (const url of ["redis://h:1", "redis+cluster://h:1"]) {
      expect(right(registry.membership(url))).toBe(
        'Redis holds storage, not members; give "file:./folder" (one machine), "memory:name" (this process only) or "etcd://host:2379,host:2379" (a cluster)',
      );
    }
  });

  it("lists what is there for a scheme that nobody knows", () => {
    expect(right(registry.stores("mysql://h"))).toBe(
      'there is no provider for mysql:; give "file:./folder" (one machine), "memory:name" (this process only), "redis://host:6379" (a cluster) or "postgres://host:5432/database" (a cluster)',
    );
  });
});

describe("the registry of providers, for storage", () => {
  it("reads Redis, with and without TLS and a database, alone and as a cluster", () => {
    expect(location(registry.stores("rediss://me:secret@h:6379/2"))).toMatchObject({
      database: 2,
      tls: true,
      username: "me",
      password: "secret",
      label: "h:6379/2",
    });
    for (const url of ["redis+cluster://h:7000", "redis://h:7000,[::1]:7001/0"])
      expect(location(registry.stores(url)), url).toMatchObject({ isCluster: true });
    expect(right(registry.stores("redis+cluster://h:7000/1"))).toContain("database 0 only");
  });

  it("reads PostgreSQL, by both of its schemes", () => {
    for (const scheme of ["postgres", "POSTGRESQL"]) {
      expect(location(registry.stores(`${scheme}://me:secret@h/bank`)), scheme).toMatchObject({
        host: "h",
        port: 5432,
        database: "bank",
        user: "me",
        password: "secret",
      });
    }
    expect(right(registry.membership("postgres://h/bank"))).toContain(
      "PostgreSQL holds storage, not members",
    );
  });

  it("reads memory with a name", () => {
    expect(location(registry.stores("memory:"))).toEqual({ name: "" });
    expect(location(registry.stores("memory://bank"))).toEqual({ name: "bank" });
  });

  it("says what would be right instead of a wrong URL", () => {
    for (const wrong of [
      "redis://",
      "redis://me:100%@h",
      "redis://h:x",
      "redis://h/name",
      "redis://h,,i",
      "redis+cluster://",
      "postgres://h",
      "postgres://h:1/bank?sslmode=sometimes",
    ])
      expect(right(registry.stores(wrong)), wrong).toContain("give ");
    expect(right(registry.stores("etcd://h:1"))).toContain("etcd holds members, not storage");
  });
});

describe("providers that are handed in", () => {
  const acme: Provider = {
    ...memoryProvider,
    name: "Acme",
    schemes: ["acme"],
    example: "acme://account",
  };

  it("are found by their scheme, and listed with the others", () => {
    const parsed = registryOf([acme], "startSilo").membership("acme://a");
    expect(parsed).toMatchObject({ location: { provider: { name: "Acme" } } });
    expect(right(registryOf([acme], "connect").stores("acne:"))).toContain('"acme://account"');
  });

  it("come before a built-in one of the same scheme", () => {
    const mine: Provider = { ...acme, schemes: ["redis"] };
    expect(registryOf([mine], "startSilo").stores("redis://a")).toMatchObject({
      location: { provider: mine },
    });
  });

  it("are checked, each by itself and together", () => {
    expect(refusal(acme)).toThrow("providers (startSilo): give an array of providers");
    expect(refusal([() => acme])).toThrow("providers[0] (startSilo): is a function; call it");
    expect(refusal([{ ...acme, schemes: ["Acme:"] }])).toThrow("Acme needs schemes in lower case");
    const nothing = {
      name: "Acme",
      schemes: ["acme"],
      parse: () => ({ kind: "wrong", right: "" }),
    };
    expect(refusal([nothing])).toThrow("Acme opens nothing");
    expect(refusal([acme, { ...acme, name: "Acme 2" }])).toThrow(
      "providers[1] (startSilo): Acme 2 has the scheme acme: of providers[0]; give one of the two",
    );
  });
});
