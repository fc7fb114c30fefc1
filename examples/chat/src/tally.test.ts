import { expect, it } from "vitest";
import { isWhole, tallyOf } from "./tally.ts";

it("finds nothing where each line was heard once and in order", () => {
  const tally = tallyOf([2, 1, 3], [1, 2, 3]);
  expect(tally).toEqual({ heard: 3, lost: 0, doubled: 0, strange: 0, isInOrder: true });
  expect(isWhole(tally)).toBe(true);
});

it("finds what was lost, heard twice, never said, or out of order", () => {
  expect(tallyOf([1, 2, 3], [1, 3])).toMatchObject({ lost: 1, isInOrder: true });
  expect(tallyOf([1, 2], [1, 2, 2, 1])).toMatchObject({ doubled: 2, isInOrder: false });
  expect(tallyOf([1], [1, 2])).toMatchObject({ strange: 1 });
  expect(tallyOf([1, 2], [2, 1])).toMatchObject({ lost: 0, doubled: 0, isInOrder: false });
  for (const heard of [[1], [1, 2, 2], [2, 1], [1, 2, 3]])
    expect(isWhole(tallyOf([1, 2], heard))).toBe(false);
});
