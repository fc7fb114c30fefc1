import type { FieldChange } from "@troupe/core";
import { expect, it } from "vitest";
import { addChanges, writesOf } from "./field-writes.ts";

function appended(field: string): FieldChange {
  return { field, before: undefined, after: field };
}

it("writes nothing that a later change of the same commit takes away", () => {
  const staged = new Map<string, FieldChange>();
  addChanges(staged, [appended("h:1")], true);
  addChanges(staged, [appended("h:2")], true);
  const range = { field: "h:0", upTo: "h:3", before: true, after: undefined };
  addChanges(staged, [range, appended("h:4"), appended("i:2")], true);
  const { set, remove, removeRanges } = writesOf(staged.values());
  expect([...set.keys()]).toEqual(["h:4", "i:2"]);
  expect(remove).toEqual([]);
  expect(removeRanges).toEqual([{ from: "h:0", to: "h:3" }]);
});

it("removes what is stored and was about to be changed when it was taken away", () => {
  const staged = new Map<string, FieldChange>();
  addChanges(staged, [{ field: "h:1", before: "stored", after: "changed" }], true);
  addChanges(staged, [{ field: "h:0", upTo: "h:3", before: true, after: undefined }], true);
  const { set, remove } = writesOf(staged.values());
  expect(set.size).toBe(0);
  expect(remove).toEqual(["h:1"]);
});
