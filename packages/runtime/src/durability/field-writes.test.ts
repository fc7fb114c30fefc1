import type { FieldChange } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { addChanges, writesOf } from "./field-writes.ts";

const put = (field: string, after: string): FieldChange => ({ field, before: undefined, after });

function drop(from: string, upTo: string): FieldChange {
  return { field: from, before: undefined, after: undefined, upTo };
}

/** What one commit writes for changes that came one after the other. */
function written(...changes: readonly FieldChange[]): {
  readonly set: readonly string[];
  readonly ranges: readonly (readonly [string, string])[];
} {
  const staged = new Map<string, FieldChange>();
  for (const change of changes) addChanges(staged, [change], true);
  const { set, removeRanges = [] } = writesOf(staged.values());
  return { set: [...set.keys()], ranges: removeRanges.map(({ from, to }) => [from, to]) };
}

describe("changes of one commit", () => {
  it("do not write what a later one removes as a range", () => {
    const found = written(
      put("h:1", "one"),
      put("h:2", "two"),
      put("h:3", "three"),
      drop("h:1", "h:3"),
    );
    expect(found).toEqual({ set: ["h:3"], ranges: [["h:1", "h:3"]] });
  });

  it("write what comes after a range was removed, and still remove the range", () => {
    const found = written(drop("h:1", "h:9"), put("h:1", "new"), put("h:4", "new"));
    expect(found).toEqual({ set: ["h:1", "h:4"], ranges: [["h:1", "h:9"]] });
  });

  it("remove each of two ranges that begin alike", () => {
    const found = written(drop("h:1", "h:9"), drop("h:1", "h:3"));
    expect(found.ranges).toEqual([
      ["h:1", "h:9"],
      ["h:1", "h:3"],
    ]);
  });
});
