import { describe, expect, it } from "vitest";
import { type EtcdAddress, parseEtcdUrl as parsedUrl } from "./etcd-url.ts";

function parseEtcdUrl(text: string): EtcdAddress {
  const parsed = parsedUrl(text);
  if (parsed.kind === "location") return parsed.location;
  throw new Error(parsed.right);
}

describe("parseEtcdUrl", () => {
  it("takes one host or several, with the usual port where none stands", () => {
    expect(parseEtcdUrl("etcd://10.0.0.2:2379,10.0.0.3:12379/")).toEqual({
      endpoints: ["10.0.0.2:2379", "10.0.0.3:12379"],
    });
    expect(parseEtcdUrl("etcd://etcd,[::1]:7000,proxy:80")).toEqual({
      endpoints: ["etcd:2379", "[::1]:7000", "proxy:80"],
    });
  });

  it("takes user, password and TLS", () => {
    expect(parseEtcdUrl("etcds://app:p%40ss@host:1")).toEqual({
      endpoints: ["host:1"],
      username: "app",
      password: "p@ss",
      tls: {},
    });
  });

  it("says the right form of a wrong URL without its password", () => {
    for (const wrong of [
      "10.0.0.2:2379",
      "http://host:1",
      "etcd://",
      "etcd://a,,b",
      "etcd://a:0",
      "etcd://u:hidden@host:99999",
      "etcd://u:hidden@a:1/x",
    ]) {
      expect(() => parseEtcdUrl(wrong)).toThrow(/give hosts.*etcd:\/\//);
      expect(() => parseEtcdUrl(wrong)).not.toThrow(/hidden/);
    }
  });
});
