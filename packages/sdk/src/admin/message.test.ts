import { describe, expect, it } from "vitest";
import { counts, decimal, flag, listOf, message, text, whole } from "./message.ts";

const part = message("Part", { name: text, size: whole });
const kind = message("Whole", {
  title: text,
  ratio: decimal,
  isNew: flag,
  parts: listOf(part),
  byName: counts,
});

describe("an administrative message", () => {
  it("reads every field", () => {
    const value = {
      title: "t",
      ratio: 0.5,
      isNew: true,
      parts: [{ name: "a", size: 1 }],
      byName: { x: 2 },
    };
    expect(kind.read(value, "m")).toEqual(value);
  });

  it("gives the empty value to a field that is absent (MSG-1)", () => {
    const empty = { title: "", ratio: 0, isNew: false, parts: [], byName: {} };
    expect(kind.read(undefined, "m")).toEqual(empty);
    expect(kind.read({ parts: [{}] }, "m")).toEqual({ ...empty, parts: [{ name: "", size: 0 }] });
  });

  it("leaves out what it does not know (MSG-2)", () => {
    expect(part.read({ name: "a", size: 1, colour: "red" }, "m")).toEqual({ name: "a", size: 1 });
  });

  it("names what is wrong, where, and what would be right (MSG-3)", () => {
    const wrong: [unknown, string][] = [
      [{ title: 5 }, "m.title is 5; give a text"],
      [{ ratio: "x" }, 'm.ratio is "x"; give a number'],
      [{ isNew: "yes" }, 'm.isNew is "yes"; give true or false'],
      [{ parts: {} }, "m.parts is {}; give a list"],
      [{ parts: [{ size: -1 }] }, "m.parts[0].size is -1; give a whole number of 0 or more"],
      [{ parts: [[]] }, "m.parts[0] is []; give an object with the fields"],
      [{ byName: { x: 0.5 } }, "m.byName.x is 0.5; give a whole number"],
      ["text", 'm is "text"; give an object'],
      [null, "m is null; give an object"],
    ];
    for (const [value, problem] of wrong)
      expect(() => kind.read(value, "m")).toThrow(`[BAD_CONFIG] ${problem}`);
  });
});
