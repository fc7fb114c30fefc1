import * as fc from "fast-check";
import HashRing from "hashring";
import { describe, expect, it } from "vitest";
import { hashOf } from "./key-hash.ts";

const ring = new HashRing({}, "md5", { "max cache size": 1 });

describe("the hash of a key", () => {
  it("is the one by which hashring places it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        (key) => hashOf(key) === ring.hashValue(key),
      ),
    );
  });

  it("is the same when it is asked for again, whatever was asked for in between", () => {
    const first = hashOf("Account/alice");
    for (let index = 0; index < 40_000; index++) hashOf(`Account/${index}`);
    expect(hashOf("Account/39999")).toBe(ring.hashValue("Account/39999"));
    expect(hashOf("Account/30000")).toBe(ring.hashValue("Account/30000"));
    expect(hashOf("Account/alice")).toBe(first);
  });
});
