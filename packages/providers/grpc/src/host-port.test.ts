import { describe, expect, it } from "vitest";
import { formatHostPort, parseHostPort } from "./host-port.ts";

describe("host and port", () => {
  it.each([
    ["127.0.0.1:7100", { host: "127.0.0.1", port: 7_100 }],
    ["silo-1.internal:0", { host: "silo-1.internal", port: 0 }],
    ["[::1]:65535", { host: "::1", port: 65_535 }],
    ["[fe80::1%eth0]:1", { host: "fe80::1%eth0", port: 1 }],
  ])("are read and written: %s", (text, parsed) => {
    expect(parseHostPort(text)).toEqual(parsed);
    expect(formatHostPort(parsed)).toBe(text);
  });

  it.each([
    "",
    ":1",
    "host",
    "host:",
    "host:65536",
    "host:-1",
    "host:1x",
    "::1:7100",
    "[::1]",
    "[x]:1",
    "a b:1",
    "http://a:1",
  ])("are not read from %j", (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  });
});
