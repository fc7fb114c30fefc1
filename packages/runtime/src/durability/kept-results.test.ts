import { expect, it } from "vitest";
import { packRecord } from "../record-table.ts";
import { KeptResults } from "./kept-results.ts";

const MAX = 1_000;

it("forgets the oldest results first, in whatever order the store gave them", () => {
  const before = new KeptResults({ isDirty: false });
  for (let at = 1; at <= MAX; at++) before.put(`k${at}`, { value: at, revive: false, size: 8 }, at);
  const stored = before.collect().map(({ field, after }) => [field, packRecord(after)] as const);
  const results = new KeptResults({ isDirty: false });
  results.load(new Map(stored.toReversed()));
  results.put("new", { value: 0, revive: false, size: 8 }, MAX + 1);
  expect(results.find("k1")).toBeUndefined();
  expect(results.find("k2")?.value).toBe(2);
  expect(results.find(`k${MAX}`)?.value).toBe(MAX);
});
