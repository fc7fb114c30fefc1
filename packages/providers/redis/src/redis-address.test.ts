import { describe, expect, it } from "vitest";
import { parseRedisUrl as parsedUrl, type RedisAddress } from "./redis-address.ts";

function parseRedisUrl(text: string): RedisAddress {
  const parsed = parsedUrl(text);
  if (parsed.kind === "location") return parsed.location;
  throw new Error(parsed.right);
}

describe("parseRedisUrl", () => {
  it("takes host, port, database, user and password, and TLS", () => {
    expect(parseRedisUrl("rediss://app:p%40ss@cache.example:6380/3")).toEqual({
      nodes: [{ host: "cache.example", port: 6380 }],
      isCluster: false,
      database: 3,
      username: "app",
      password: "p@ss",
      tls: true,
      label: "cache.example:6380/3",
    });
  });

  it("fills in what is usual", () => {
    expect(parseRedisUrl("redis://10.0.0.4")).toMatchObject({
      nodes: [{ host: "10.0.0.4", port: 6379 }],
      isCluster: false,
      database: 0,
      username: undefined,
      tls: false,
    });
    expect(parseRedisUrl("redis://[::1]:7000/")).toMatchObject({
      nodes: [{ host: "::1", port: 7000 }],
      label: "[::1]:7000",
    });
    expect(parseRedisUrl("redis://:secret@host")).toMatchObject({
      username: undefined,
      password: "secret",
    });
  });

  it("takes several nodes, or the scheme that says so, for those of a Redis Cluster", () => {
    const nodes = [
      { host: "10.0.0.4", port: 7000 },
      { host: "::1", port: 6379 },
    ];
    const expected = {
      nodes,
      isCluster: true,
      username: "app",
      password: "a:b",
      label: "10.0.0.4:7000,[::1]:6379",
    };
    expect(parseRedisUrl("redis+cluster://app:a:b@10.0.0.4:7000,[::1]")).toMatchObject({
      ...expected,
      tls: false,
    });
    expect(parseRedisUrl("rediss+cluster://app:a:b@10.0.0.4:7000,[::1]/0")).toMatchObject({
      ...expected,
      tls: true,
    });
    expect(parseRedisUrl("redis://app:a:b@10.0.0.4:7000,[::1]")).toMatchObject(expected);
    expect(parseRedisUrl("redis+cluster://h")).toMatchObject({ isCluster: true });
    expect(() => parseRedisUrl("redis+cluster://app:hidden@h:1,i:2/3")).toThrow(/database 0 only/);
  });

  it("says the right form of a wrong URL without its password", () => {
    for (const wrong of [
      "10.0.0.4:6379",
      "http://host",
      "redis://",
      "redis://user:hidden@host/db",
      "redis://a,b:99999",
      "redis://a,,b",
      "redis+cluster://",
    ]) {
      expect(() => parseRedisUrl(wrong)).toThrow(/give a host.*redis:\/\//);
      expect(() => parseRedisUrl(wrong)).not.toThrow(/hidden/);
    }
  });

  it("says so when the password is not well encoded", () => {
    expect(() => parseRedisUrl("redis://:100%@host")).toThrow(/%25/);
  });
});
