import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseMembershipUrl, parseStorageUrl } from "./provider-url.ts";

describe("parseMembershipUrl", () => {
  it("reads folders, relative and absolute", () => {
    expect(parseMembershipUrl("file:./data")).toMatchObject({
      location: { kind: "file", folder: resolve("data") },
    });
    expect(parseMembershipUrl("file:/data")).toMatchObject({
      location: { kind: "file", folder: "/data" },
    });
    expect(parseMembershipUrl("file:///data")).toMatchObject({
      location: { kind: "file", folder: "/data" },
    });
  });

  it("takes several hosts of etcd, credentials, and TLS", () => {
    for (const url of [
      "etcd://10.0.0.2:2379,etcd-3,[::1]:9",
      "etcd://me:p%40ss@h:1",
      "etcds://h:1",
    ]) {
      expect(parseMembershipUrl(url)).toEqual({
        kind: "location",
        location: { kind: "etcd", url },
      });
    }
  });

  it("says what would be right instead of a wrong URL", () => {
    for (const wrong of [
      "",
      "data",
      "file:",
      "http://h:1",
      "etcd://",
      "etcd://h:1,",
      "etcd://h:0",
      "etcd://h:1/path",
      "etcd://h:99999",
      "etcd://me:100%@h:1",
    ]) {
      expect(parseMembershipUrl(wrong), wrong).toMatchObject({
        kind: "wrong",
        right: expect.stringContaining("give "),
      });
    }
    expect(parseMembershipUrl("redis://h:1")).toMatchObject({
      right: expect.stringContaining("Redis holds storage"),
    });
    expect(parseMembershipUrl("file://data")).toMatchObject({
      right: expect.stringContaining("file:./folder"),
    });
  });
});

describe("parseStorageUrl", () => {
  it("reads Redis, with and without TLS and a database", () => {
    for (const url of ["redis://h:6379", "redis://h", "rediss://me:secret@h:6379/2"]) {
      expect(parseStorageUrl(url)).toEqual({ kind: "location", location: { kind: "redis", url } });
    }
  });

  it("takes nodes of a Redis Cluster", () => {
    const urls = [
      "redis+cluster://h:7000,h:7001",
      "rediss+cluster://me:p%40ss@h",
      "redis://h:7000,[::1]:7001/0",
    ];
    for (const url of urls)
      expect(parseStorageUrl(url)).toEqual({ kind: "location", location: { kind: "redis", url } });
    expect(parseStorageUrl("redis+cluster://h:7000/1")).toMatchObject({
      right: expect.stringContaining("database 0 only"),
    });
    expect(parseMembershipUrl("redis+cluster://h:1")).toMatchObject({
      right: expect.stringContaining("Redis holds storage"),
    });
  });

  it("reads memory with a name", () => {
    expect(parseStorageUrl("memory:")).toMatchObject({ location: { kind: "memory", name: "" } });
    expect(parseStorageUrl("memory://bank")).toMatchObject({
      location: { kind: "memory", name: "bank" },
    });
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
    ]) {
      expect(parseStorageUrl(wrong), wrong).toMatchObject({
        kind: "wrong",
        right: expect.stringContaining("give "),
      });
    }
    expect(parseStorageUrl("etcd://h:1")).toMatchObject({
      right: expect.stringContaining("etcd holds members"),
    });
  });
});
