import { describe, expect, it } from "vitest";
import {
  PortableArray,
  PortableBare,
  PortableError,
  PortableLoop,
  PortableMap,
  PortableMinusZero,
  PortablePattern,
  PortableRef,
  PortableText,
} from "./portable-value.ts";
import { createValuePacker } from "./value-packer.ts";

const packer = createValuePacker();

const error = { className: "E", name: "N", message: "m", stack: "s", fields: {} };

describe("the packed form", () => {
  // These bytes lie in stores and travel between versions: a failure here means that old data can
  // no longer be read.
  it.each([
    ["a number", 1, "01"],
    ["an object", { a: [true, null] }, "de0001a16192c3c0"],
    ["a reference", new PortableRef("A", "b"), "d4010092a141a162"],
    ["a map", new PortableMap(["k", 1]), "d4020092a16b01"],
    ["an error", new PortableError({ ...error, dropped: [] }), "d4030095a145a14ea16da173de0000"],
    [
      "an error with a field that was dropped",
      new PortableError({ ...error, dropped: ["f"] }),
      "d4030096a145a14ea16da173de000091a166",
    ],
    ["the number -0", new PortableMinusZero(), "d4050000"],
    ["half a character", new PortableText("\ud83d"), "d40600c4023dd8"],
    ["a pattern", new PortablePattern("a", "g", 2), "d4070093a161a16702"],
    ["an object without prototype", new PortableBare({ a: 1 }), "d40800de0001a16101"],
    ["an array with a hole", new PortableArray(3, [2, "x"]), "d40900930302a178"],
    ["a loop", new PortableLoop(3), "d4040003"],
  ])("of %s is fixed", (_, value, hex) => {
    expect(Buffer.from(packer.pack(value)).toString("hex")).toBe(hex);
    expect(packer.unpack(Buffer.from(hex, "hex"))).toEqual(value);
  });

  it.each(["", "92", "dc", "d90a61", "c70561", "d40a00"])("is told from other bytes: %j", (hex) => {
    expect(() => packer.unpack(Buffer.from(hex, "hex"))).toThrow(Error);
  });

  it("takes names that mean something to JavaScript for names", () => {
    const value = { constructor: 0, toJSON: 1, entries: [], "": { toJSON: "x" } };
    expect(packer.unpack(packer.pack(value))).toEqual(value);
  });

  it("pollutes no prototype", () => {
    const hostile = Buffer.from("81a95f5f70726f746f5f5f81a8706f6c6c7574656401", "hex");
    expect(Object.getPrototypeOf(packer.unpack(hostile))).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
