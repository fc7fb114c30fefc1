import { createValuePacker, MESSAGE_MAX_BYTES, toPortable, VALUE_MAX_DEPTH } from "@troupe/core";
import { everyKindOfValue } from "@troupe/conformance";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PACKED_MAX_CONTAINERS, PACKED_MAX_DEPTH, PackedScanner } from "./packed-scanner.ts";
import { WireError } from "./wire-format.ts";

const packer = createValuePacker();

function scan(bytes: Uint8Array | readonly number[]): void {
  new PackedScanner().scan(Uint8Array.from(bytes));
}

function nest(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

describe("PackedScanner", () => {
  it("lets every kind of portable value pass", () => {
    scan(packer.pack([toPortable(everyKindOfValue(), { root: "value" }).value]));
  });

  it("lets any portable value pass", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: false,
      withUnicodeString: true,
      withNullPrototype: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const portable = portableOf(value);
        if (portable !== undefined) scan(packer.pack([portable.value]));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[string, (inner: unknown) => unknown]>([
    ["arrays", (inner) => [inner]],
    ["objects", (inner) => ({ inner })],
    ["maps", (inner) => new Map([[1, inner]])],
    ["errors", (inner) => new Error("outer", { cause: inner })],
  ])("lets %s pass that nest as deep as a value may, and the packer reads them", (_, wrap) => {
    const { value } = toPortable(nest(VALUE_MAX_DEPTH - 1, wrap), { root: "value" });
    const bytes = packer.pack([[value]]);
    scan(bytes);
    packer.unpack(bytes);
  });

  it.each<[string, readonly number[]]>([
    ["nothing", []],
    ["two values", [1, 1]],
    ["an array that ends too early", [0x92, 1]],
    ["an array of four thousand million items", [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ["a map of four thousand million entries", [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ["a string longer than its bytes", [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ["binary data longer than its bytes", [0xc6, 0xff, 0xff, 0xff, 0xff, 0]],
    ["an extension longer than its bytes", [0xc9, 0xff, 0xff, 0xff, 0xff, 0x42]],
    ["a number without its bytes", [0xcb, 0, 0]],
    ["a key __proto__", [0x81, 0xa9, ...Buffer.from("__proto__"), 1]],
    ["a key __proto__ in a long form", [0x81, 0xda, 0, 9, ...Buffer.from("__proto__"), 1]],
    ["a key that is a number", [0x81, 1, 1]],
    ["a key that is an object", [0x81, 0x80, 1]],
    ["a definition of a record", [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1]],
    ["bundled strings", [0xd6, 0x62, 0, 0, 0, 0, 1]],
    ["an error of the packer's own", [0xd4, 0x65, 0, 0x93, 1, 2, 3]],
    ["an extension of nobody", [0xd4, 0x50, 0]],
    ["a byte that is never used", [0xc1]],
    ["a mark without a value", [0xd6, 0x69, 0, 0, 0, 1]],
  ])("refuses %s", (_, bytes) => {
    expect(() => scan(bytes)).toThrow(WireError);
  });

  it("refuses what nests too deep, in containers and in extensions", () => {
    const levels = PACKED_MAX_DEPTH + 1;
    expect(() => scan([...Array.from({ length: levels }, () => 0x91), 1])).toThrow(/nested deeper/);
    expect(() =>
      scan([...Array.from({ length: levels }, () => [0xd4, 0x73, 0]).flat(), 1]),
    ).toThrow(/nested deeper/);
    expect(() =>
      scan([...Array.from({ length: levels }, () => [0xd6, 0x69, 0, 0, 0, 1]).flat(), 1]),
    ).toThrow(/nested deeper/);
  });

  it("refuses a message of empty objects that would fill the memory", () => {
    const bytes = new Uint8Array(MESSAGE_MAX_BYTES).fill(0x80);
    bytes.set([0xdd, 0, 0x3f, 0xff, 0xfb]);
    expect(() => new PackedScanner().scan(bytes)).toThrow(
      `more than ${PACKED_MAX_CONTAINERS} containers`,
    );
  });

  it("only ever throws its one error", () => {
    const scanner = new PackedScanner();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          scanner.scan(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

function portableOf(value: unknown): { value: unknown } | undefined {
  try {
    return toPortable(value, { root: "value" });
  } catch {
    return undefined;
  }
}
