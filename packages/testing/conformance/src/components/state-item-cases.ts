import { expect } from "vitest";
import type { StoreCases } from "../store-cases.ts";
import {
  allKeys,
  setting,
  type StateTrial,
  store,
  valueOf,
  write,
} from "./state-component-fixture.ts";

/** Keys that a store may take for something else, each of which is a key of its own. */
const AWKWARD_KEYS = [
  "a",
  "A",
  "a ",
  "a*",
  "a%",
  "a_",
  "a?",
  "a[b]",
  "a\\",
  "a'b",
  'a"b',
  "a:b",
  "{a}",
  "a||b",
  "__proto__",
  "constructor",
  "ä€😀",
  "a\nb",
  "x".repeat(1_000),
];

const VALUES = [
  null,
  true,
  0,
  -1.5,
  1e21,
  9_007_199_254_740_991,
  "",
  "line\nline",
  "ä€😀\u0001",
  [],
  {},
  [1, [2, [3]]],
  { a: { b: [null, "c"] }, "": 1, __proto__x: 2 },
];

/** Items and their keys, without conditions. */
export const ITEMS: StoreCases<StateTrial> = {
  "gives back what it stored, to every handle": async ({ subject, store: trial }) => {
    const other = await subject.openHandle();
    for (const [index, value] of VALUES.entries()) {
      await store(trial, `value ${index}`, value);
      expect(await valueOf(trial, `value ${index}`)).toEqual(value);
      expect(await valueOf(other, `value ${index}`)).toEqual(value);
    }
  },

  "keeps awkward keys apart": async ({ store: trial }) => {
    await trial.component.write(AWKWARD_KEYS.map((key, index) => setting(key, index)));
    const items = await trial.component.read(AWKWARD_KEYS, "eventual");
    expect(items.map((item) => item && JSON.parse(item.data))).toEqual(
      AWKWARD_KEYS.map((_, index) => index),
    );
    await trial.component.write([{ kind: "delete", key: "a*" }]);
    expect(await valueOf(trial, "a")).toBe(0);
    expect(await valueOf(trial, "a*")).toBeUndefined();
  },

  "reads in the order of the keys, with gaps where there is nothing": async ({ store: trial }) => {
    await store(trial, "one", 1);
    await store(trial, "two", 2);
    const items = await trial.component.read(["two", "none", "one", "two"], "eventual");
    expect(items.map((item) => item?.data)).toEqual(["2", undefined, "1", "2"]);
    expect(await trial.component.read([], "eventual")).toEqual([]);
  },

  "replaces an item whole": async ({ store: trial }) => {
    await store(trial, "key", { a: 1, b: 2 });
    await store(trial, "key", { a: 3 });
    expect(await valueOf(trial, "key")).toEqual({ a: 3 });
  },

  "removes what is there, and what is not there": async ({ store: trial }) => {
    await store(trial, "key", 1);
    for (let times = 0; times < 2; times++) {
      expect(await trial.component.write([{ kind: "delete", key: "key" }])).toEqual([
        { kind: "stored", etag: undefined },
      ]);
      expect(await valueOf(trial, "key")).toBeUndefined();
    }
  },

  "keeps a value of a MiB": async ({ store: trial }) => {
    const value = { text: "0123456789abcdef".repeat(65_536) };
    await store(trial, "large", value);
    expect(await valueOf(trial, "large")).toEqual(value);
  },

  "writes and reads hundreds of items at once": async ({ store: trial }) => {
    const keys = Array.from({ length: 500 }, (_, index) => `many ${index}`);
    const written = await trial.component.write(keys.map((key) => setting(key, key)));
    expect(written.every(({ kind }) => kind === "stored")).toBe(true);
    const items = await trial.component.read(keys, "eventual");
    expect(items.map((item) => item && JSON.parse(item.data))).toEqual(keys);
  },

  "still has what was stored when the handle that stored it is closed": async ({
    subject,
    store: trial,
  }) => {
    const other = await subject.openHandle();
    await store(trial, "key", 1);
    await trial.component.close();
    expect(await valueOf(other, "key")).toBe(1);
  },
};

/** Listing keys. */
export const KEYS: StoreCases<StateTrial> = {
  "lists every key with a prefix and no other, in pages": async ({ store: trial }) => {
    if (!trial.component.capabilities.keys) return;
    const keys = Array.from({ length: 25 }, (_, index) => `in/${index}`);
    await trial.component.write([...keys, "in", "out/1", "IN/1"].map((key) => setting(key, 1)));
    for (const limit of [1, 7, 25, 100])
      expect([...new Set(await allKeys(trial, "in/", limit))].toSorted()).toEqual(keys.toSorted());
    expect(new Set(await allKeys(trial, "", 100)).size).toBe(28);
    expect(await allKeys(trial, "nothing", 10)).toEqual([]);
  },

  "takes no character of a prefix for a pattern": async ({ store: trial }) => {
    if (!trial.component.capabilities.keys) return;
    await trial.component.write(
      ["a*b", "a%b", "a_b", "a?b", "a[b]", "axb", "a\\b", "a.b"].map((key) => setting(key, 1)),
    );
    for (const prefix of ["a*", "a%", "a_", "a?", "a[b]", "a\\", "a."]) {
      const listed = await allKeys(trial, prefix, 10);
      expect([prefix, ...listed.map((key) => key.startsWith(prefix))]).toEqual([prefix, true]);
    }
  },

  "leaves out removed keys, and none that stays while others come and go": async ({
    store: trial,
  }) => {
    if (!trial.component.capabilities.keys) return;
    const keys = Array.from({ length: 20 }, (_, index) => `stays ${index}`);
    await trial.component.write(keys.map((key) => setting(key, 1)));
    await write(trial, "gone", 1);
    await trial.component.write([{ kind: "delete", key: "gone" }]);
    let count = 0;
    const listed = await allKeys(trial, "", 3, async () => {
      await trial.component.write([
        setting(`stays ${count} comes`, 1),
        { kind: "delete", key: `stays ${count - 1} comes` },
      ]);
      count++;
    });
    expect(listed).not.toContain("gone");
    expect(keys.filter((key) => !listed.includes(key))).toEqual([]);
  },
};
