import { registeredErrorClass } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { defineError, error } from "./error-decorator.ts";

describe("an error class with a name", () => {
  it("is found by it, and shows it", () => {
    @error("sdk/Late")
    class Late extends RangeError {}
    expect(registeredErrorClass("sdk/Late")).toBe(Late);
    expect(String(new Late("by an hour"))).toBe("sdk/Late: by an hour");
  });

  it("keeps a name that it gives its errors itself", () => {
    class Early extends Error {
      override name = "TooEarly";
    }
    defineError(Early, "sdk/Early");
    expect(String(new Early("by far"))).toBe("TooEarly: by far");
  });

  it("is refused with its place if it has no name, or is no error", () => {
    class Plain {
      readonly reason = "none";
    }
    expect(() => defineError(Plain as never, "sdk/Plain")).toThrow(
      /\[BAD_DEFINITION\] .*error-decorator\.test\.ts:\d+:\d+: Plain is no class that extends Error/,
    );
    expect(() => defineError(class Nameless extends Error {}, "")).toThrow("must not be empty");
    expect(() => error(class Late extends Error {} as never)).toThrow(
      '@error needs parentheses and a name: write @error("OutOfStock")',
    );
  });

  it("is one with a class of the same name that was loaded again, and with no other", () => {
    class First extends Error {}
    class Second extends Error {}
    class Other extends Error {}
    class Narrower extends First {}
    defineError(First, "sdk/Twice");
    defineError(Second, "sdk/Twice");
    defineError(Other, "sdk/Other");
    expect(new First()).toBeInstanceOf(Second);
    expect(new Second()).toBeInstanceOf(First);
    expect(new Other()).not.toBeInstanceOf(First);
    expect(new Second()).not.toBeInstanceOf(Narrower);
    expect(new Narrower()).toBeInstanceOf(Second);
    for (const value of [undefined, null, 1, "x", {}, Object.create(null), new Proxy({}, {})])
      expect(value instanceof First).toBe(false);
  });
});
