import { describe, expect, it } from "vitest";
import { parseRedisUrl } from "./redis-address.ts";

describe("parseRedisUrl", () => {
  it("takes host, port, database, user and password, and TLS", () => {
    expect(parseRedisUrl("rediss://app:p%40ss@cache.example:6380/3")).toEqual({
      host: "cache.example",
      port: 6380,
      database: 3,
      username: "app",
      password: "p@ss",
      tls: true,
      label: "cache.example:6380/3",
    });
  });

  it("fills in what is usual", () => {
    expect(parseRedisUrl("redis://10.0.0.4")).toMatchObject({ port: 6379, database: 0, username: undefined, tls: false });
    expect(parseRedisUrl("redis://[::1]:7000/").host).toBe("::1");
    expect(parseRedisUrl("redis://:secret@host")).toMatchObject({ username: undefined, password: "secret" });
  });

  it("says the right form of a wrong URL without its password", () => {
    for (const wrong of ["10.0.0.4:6379", "http://host", "redis://", "redis://user:hidden@host/db", "redis://a,b:99999"]) {
      expect(() => parseRedisUrl(wrong)).toThrow(/\[BAD_CONFIG\].*write redis:\/\//);
      expect(() => parseRedisUrl(wrong)).not.toThrow(/hidden/);
    }
  });

  it("says so when the password is not well encoded", () => {
    expect(() => parseRedisUrl("redis://:100%@host")).toThrow(/BAD_CONFIG.*%25/);
  });
});
