import { AWKWARD_ADDRESSES } from "@troupe/conformance";
import { describe, expect, it } from "vitest";
import { StoreKeys } from "./store-keys.ts";

describe("StoreKeys", () => {
  it("writes plain names as they are", () => {
    const keys = new StoreKeys("bank");
    expect(keys.actor({ type: "Account", id: "alice" })).toBe("troupe:bank:a:{Account/alice}");
    expect(keys.bucket(17)).toBe("troupe:bank:r:{17}");
  });

  it("gives every awkward address a key of its own with one pair of braces around it", () => {
    const keys = AWKWARD_ADDRESSES.map((address) => new StoreKeys("{b}:a").actor(address));
    expect(new Set(keys).size).toBe(AWKWARD_ADDRESSES.length);
    for (const key of keys) expect(key).toMatch(/^[^{}]*\{[^{}]+\}$/);
  });

  it("keeps clusters apart whose names look like parts of keys", () => {
    const names = ["a", "a:a", "a:", "%61", "a%3a", "a{", "{a}"];
    const keys = names.map((name) => new StoreKeys(name).actor({ type: "T", id: "1" }));
    expect(new Set(keys).size).toBe(names.length);
  });

  it("tells a slash in a type from the one before the id", () => {
    const keys = new StoreKeys("bank");
    expect(keys.actor({ type: "a/b", id: "c" })).not.toBe(keys.actor({ type: "a", id: "b/c" }));
  });
});
