import { describe, expect, it } from "vitest";
import { jsonValue, readableValue } from "./printed-value.ts";

describe("readableValue", () => {
  it("shows text as it is, and nothing for undefined", () => {
    expect(readableValue("alice")).toBe("alice");
    expect(readableValue(undefined)).toBeUndefined();
    expect(readableValue(5)).toBe("5");
  });

  it("lets nothing of a value steer the terminal", () => {
    class Odd extends Error {
      override name = "\u001b[2JOdd";
    }
    for (const value of ["\u001b[31mred", ["\u001b[31mred"], new Odd("\u009b1m")]) {
      // oxlint-disable-next-line no-control-regex -- they are what is looked for.
      expect(readableValue(value)).not.toMatch(/[\u001b\u009b]/);
    }
    expect(readableValue("\u001b[31mred\n")).toBe(`${String.raw`\u001b[31mred`}\n`);
  });

  it("shows everything of a deep value", () => {
    expect(readableValue({ a: { b: { c: { d: [1] } } } })).toContain("d: [ 1 ]");
  });
});

describe("jsonValue", () => {
  it("is JSON's own form where there is one", () => {
    expect(jsonValue({ a: [1, "x", true, null], b: undefined })).toBe('{"a":[1,"x",true,null]}');
    expect(jsonValue(undefined)).toBe("null");
  });

  it("has a form for everything that a call can return", () => {
    expect(jsonValue(12n)).toBe('"12"');
    expect(jsonValue(new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
    expect(jsonValue(new Map([["a", new Set([1])]]))).toBe('[["a",[1]]]');
    expect(jsonValue(new Uint8Array([1, 2]))).toBe('"AQI="');
    expect(jsonValue(new Float64Array([1.5]))).toBe("[1.5]");
    expect(jsonValue(new RangeError("no"))).toBe('{"name":"RangeError","message":"no"}');
  });

  it("lets nothing of a value steer the terminal, and stays the same JSON", () => {
    const value = { "\u009b2J": "\u001b[2J\u007f\u009b1m" };
    // oxlint-disable-next-line no-control-regex -- they are what is looked for.
    expect(jsonValue(value)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(JSON.parse(jsonValue(value))).toEqual(value);
  });

  it("ends at a cycle", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(jsonValue(cycle)).toBe('["(cycle)"]');
  });
});
