import { describe, expect, it } from "vitest";
import { readAddress, readArguments } from "./call-arguments.ts";

describe("readAddress", () => {
  it("takes everything behind the first slash as the id", () => {
    expect(readAddress("Account/alice")).toEqual({ type: "Account", id: "alice" });
    expect(readAddress("Page/a/b")).toEqual({ type: "Page", id: "a/b" });
  });

  it("refuses what has no type or no id", () => {
    for (const text of ["Account", "Account/", "/alice", ""])
      expect(() => readAddress(text)).toThrow("write Type/id");
  });
});

describe("readArguments", () => {
  it("reads JSON of every kind", () => {
    expect(readArguments(["5", '"alice"', '{"a":[true]}', "null"])).toEqual([
      5,
      "alice",
      { a: [true] },
      null,
    ]);
  });

  it("shows how to quote a plain word", () => {
    expect(() => readArguments(["5", "alice"])).toThrow(
      `argument 2, alice, is not JSON; a string needs its quotes: '"alice"'`,
    );
    expect(() => readArguments(["it's"])).toThrow(String.raw`'"it'\''s"'`);
  });
});
