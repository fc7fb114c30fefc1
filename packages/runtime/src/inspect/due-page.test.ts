import type { DueEntry } from "@troupe/core";
import { MemoryReminderStore } from "@troupe/memory";
import { describe, expect, it } from "vitest";
import { duePage } from "./due-page.ts";

type Times = Readonly<Record<string, number>>;

async function storeOf(times: Times): Promise<MemoryReminderStore> {
  const store = new MemoryReminderStore();
  await store.add(
    Object.entries(times).map(([id, dueAt]): DueEntry => {
      return { bucket: id.length % 2, address: { type: "A", id }, name: "n", dueAt, tag: "" };
    }),
  );
  return store;
}

/** Every page, one after the other. */
async function pagesOf(times: Times, pageSize: number): Promise<string[][]> {
  const query = { store: await storeOf(times), buckets: [0, 1], isListed: () => true };
  const pages: string[][] = [];
  let cursor = "";
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins.
    const { entries, next } = await duePage(query, { pageSize, cursor });
    pages.push(entries.map(({ address }) => address.id));
    cursor = next;
  } while (cursor !== "");
  return pages;
}

describe("a page of the due index", () => {
  it("lists entries earliest first, each once", async () => {
    expect(await pagesOf({ c: 3, a: 1, b: 2 }, 0)).toEqual([["a", "b", "c"]]);
    expect(await pagesOf({ c: 3, a: 1, bb: 2, d: 4 }, 2)).toEqual([
      ["a", "bb"],
      ["c", "d"],
    ]);
    expect(await pagesOf({}, 2)).toEqual([[]]);
  });

  it("lists each once where many have the same time", async () => {
    const ids = Array.from({ length: 40 }, (_, at) => String(at));
    const pages = await pagesOf(Object.fromEntries(ids.map((id) => [id, 7])), 3);
    expect(pages.flat().toSorted()).toEqual(ids.toSorted());
    expect(pages.every((page) => page.length <= 3)).toBe(true);
  });

  it("looks as far as it has to when most is not listed", async () => {
    const times = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`x${at}`, at]));
    const query = {
      store: await storeOf(times),
      buckets: [0, 1],
      isListed: ({ dueAt }: DueEntry) => dueAt % 400 === 399,
    };
    const { entries, next } = await duePage(query, { pageSize: 2, cursor: "" });
    expect(entries.map(({ dueAt }) => dueAt)).toEqual([399, 799]);
    const last = await duePage(query, { pageSize: 2, cursor: next });
    expect(last.entries.map(({ dueAt }) => dueAt)).toEqual([1_199]);
    expect(last.next).toBe("");
  });

  it("refuses a cursor that no page gave", async () => {
    const query = { store: await storeOf({}), buckets: [0], isListed: () => true };
    await expect(duePage(query, { pageSize: 0, cursor: "x" })).rejects.toThrow("cursor is none");
  });
});
