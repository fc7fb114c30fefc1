import { describe, expect, it } from "vitest";
import { shownValue } from "./shown-value.ts";

describe("a shown value", () => {
  it("can be told from every other", () => {
    const values = [Infinity, NaN, null, undefined, 5, "5", 5n, true, [1], { a: 1 }, new Date(0)];
    expect(values.map((value) => shownValue(value))).toEqual([
      "Infinity",
      "NaN",
      "null",
      "undefined",
      "5",
      '"5"',
      "5n",
      "true",
      "[ 1 ]",
      "{ a: 1 }",
      "1970-01-01T00:00:00.000Z",
    ]);
  });

  it("is short, and on one line", () => {
    for (const value of ["x".repeat(500), { text: "x".repeat(500) }, "a\nb"]) {
      expect(shownValue(value).length).toBeLessThanOrEqual(101);
      expect(shownValue(value)).not.toContain("\n");
    }
  });

  it("runs no code of the value", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = {
      get field(): never {
        throw new Error("a getter ran");
      },
      [Symbol.for("nodejs.util.inspect.custom")]: () => {
        throw new Error("an own form ran");
      },
      toString: () => {
        throw new Error("toString ran");
      },
    };
    expect(shownValue(hostile)).toContain("field: [Getter]");
    expect(shownValue(proxy)).toContain("Revoked");
  });
});
