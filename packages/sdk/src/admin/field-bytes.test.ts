import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packFields, unpackFields } from "./field-bytes.ts";

describe("the fields of an actor as bytes", () => {
  it("come back as they were, whatever their names and values", () => {
    const fields = fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.uint8Array()));
    fc.assert(
      fc.property(fields, (pairs) => {
        const given = new Map(pairs);
        expect(unpackFields(packFields(given))).toEqual(given);
      }),
    );
  });

  it("are the same for the same fields in another order", () => {
    const one = new Uint8Array([1]);
    const packed = packFields(
      new Map([
        ["a", one],
        ["b", one],
      ]),
    );
    expect(packed).toEqual(
      packFields(
        new Map([
          ["b", one],
          ["a", one],
        ]),
      ),
    );
  });

  it("are refused if they are cut off anywhere but between two fields", () => {
    const packed = packFields(new Map([["s:a", new Uint8Array(300)]]));
    for (const length of [1, 3, 4, 6, 7, 10, 11, 12, packed.length - 1])
      expect(() => unpackFields(packed.subarray(0, length))).toThrow(
        "[BAD_CONFIG] the fields of an actor are cut off",
      );
  });
});
