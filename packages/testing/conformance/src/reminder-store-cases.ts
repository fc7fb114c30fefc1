import { REMINDER_BUCKETS, type DueEntry, type ReminderStore } from "@troupe/core";
import { expect } from "vitest";
import { AWKWARD_ADDRESSES, AWKWARD_NAMES } from "./awkward-names.ts";
import { seededRandom } from "@troupe/testkit";
import type { StoreCaseGroups, StoreCases } from "./store-cases.ts";

const ALL_BUCKETS: readonly number[] = Array.from(
  { length: REMINDER_BUCKETS },
  (_, bucket) => bucket,
);
const NOON = Date.UTC(2026, 10, 22, 12);

function entry(fields: {
  bucket?: number;
  id?: string;
  name?: string;
  dueAt?: number;
  tag?: string;
}): DueEntry {
  const { bucket = 1, id = "alice", name = "statement", dueAt = NOON, tag = "" } = fields;
  return { bucket, address: { type: "Account", id }, name, dueAt, tag };
}

const DUE: StoreCases<ReminderStore> = {
  "gives nothing of an empty store and of no buckets": async ({ store }) => {
    expect(await store.due(ALL_BUCKETS, Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
    await store.add([entry({})]);
    expect(await store.due([], Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
  },

  "gives what is due at the very moment, and not a millisecond before": async ({ store }) => {
    await store.add([entry({ dueAt: NOON })]);
    expect(await store.due([1], NOON - 1, 100)).toEqual([]);
    expect(await store.due([1], NOON, 100)).toEqual([entry({ dueAt: NOON })]);
    expect(await store.due([1], NOON + 1, 100)).toEqual([entry({ dueAt: NOON })]);
  },

  "gives the earliest first, whatever the order of adding and the bucket": async ({ store }) => {
    const times = [9, 1_000, 10, 99, 100, 2, 1, 86_400_000];
    await store.add(
      times.map((ms, index) =>
        entry({ bucket: (index * 37) % 1_000, id: `id ${index}`, dueAt: NOON + ms }),
      ),
    );
    const due = await store.due(ALL_BUCKETS, NOON + 10 ** 9, 100);
    expect(due.map(({ dueAt }) => dueAt - NOON)).toEqual(times.toSorted((a, b) => a - b));
  },

  "gives at most the limit, and then the earliest of all buckets": async ({ store }) => {
    const entries = ALL_BUCKETS.slice(0, 50).flatMap((bucket) =>
      [0, 1, 2, 3].map((step) =>
        entry({ bucket, id: `id ${bucket}`, dueAt: NOON + step * 50 + bucket }),
      ),
    );
    await store.add(entries);
    const due = await store.due(ALL_BUCKETS, NOON + 10 ** 6, 60);
    expect(due.map(({ dueAt }) => dueAt - NOON)).toEqual(
      Array.from({ length: 60 }, (_, index) => index),
    );
  },

  "gives the earliest of one bucket that has more than the limit": async ({ store }) => {
    await store.add(
      Array.from({ length: 500 }, (_, index) =>
        entry({ id: `id ${index}`, dueAt: NOON + 500 - index }),
      ),
    );
    const due = await store.due([0, 1, 2], NOON + 10 ** 6, 7);
    expect(due.map(({ dueAt }) => dueAt - NOON)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  },

  "looks at the buckets that were named, and at no others": async ({ store }) => {
    const first = entry({ bucket: 0, id: "first" });
    const last = entry({ bucket: REMINDER_BUCKETS - 1, id: "last" });
    await store.add([
      first,
      last,
      entry({ bucket: 10 }),
      entry({ bucket: 100 }),
      entry({ bucket: 11 }),
    ]);
    expect(await store.due([0], NOON, 100)).toEqual([first]);
    expect(await store.due([REMINDER_BUCKETS - 1], NOON, 100)).toEqual([last]);
    expect(await store.due([1, 101, 1_000], NOON, 100)).toEqual([]);
  },

  "keeps times from the epoch to the end of the calendar exactly": async ({ store }) => {
    const times = [
      0,
      1,
      999,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 + 1,
      999_999_999_999,
      1_000_000_000_000,
      NOON,
      8.64e15,
    ];
    await store.add(times.map((dueAt) => entry({ dueAt })));
    const due = await store.due([1], Number.MAX_SAFE_INTEGER, 100);
    expect(due.map(({ dueAt }) => dueAt)).toEqual(times);
  },

  "gives back awkward addresses and names as they were": async ({ store }) => {
    const entries = [
      ...AWKWARD_ADDRESSES.map((address, index) => ({
        bucket: index,
        address,
        name: "statement",
        dueAt: NOON + index,
        tag: "",
      })),
      ...AWKWARD_NAMES.map((name, index) =>
        entry({ bucket: 900, name, dueAt: NOON + 1_000 + index }),
      ),
      {
        bucket: 901,
        address: AWKWARD_ADDRESSES.at(-1) ?? entry({}).address,
        name: AWKWARD_NAMES.at(-1) ?? "",
        dueAt: NOON + 9_999,
        tag: "zz.9_-:",
      },
    ];
    await store.add(entries);
    expect(await store.due(ALL_BUCKETS, NOON + 10_000, 1_000)).toEqual(entries);
    await store.remove(entries.slice(1));
    expect(await store.due(ALL_BUCKETS, NOON + 10_000, 1_000)).toEqual(entries.slice(0, 1));
  },
};

const PAGES: StoreCases<ReminderStore> = {
  "gives each entry once in pages, also of one time, of many buckets and with tags": async ({
    store,
  }) => {
    const entries = Array.from({ length: 300 }, (_, index) =>
      entry({
        bucket: index % 7,
        id: `id ${index % 11}`,
        name: `name ${index}`,
        dueAt: NOON + Math.floor(index / 100),
        tag: index % 2 === 0 ? "" : `1.${index}`,
      }),
    );
    await store.add(entries);
    const given: DueEntry[] = [];
    for (let pages = 0; pages < 100; pages++) {
      const page = await store.due(ALL_BUCKETS, NOON + 10, 13, given.at(-1));
      given.push(...page);
      if (page.length === 0) break;
    }
    expect(given.map(keyOf).toSorted()).toEqual(entries.map(keyOf).toSorted());
    expect(given.map(({ dueAt }) => dueAt)).toEqual(
      entries.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b),
    );
  },

  "goes on behind an entry that is gone by then": async ({ store }) => {
    const entries = [1, 2, 3, 4].map((ms) => entry({ dueAt: NOON + ms }));
    await store.add(entries);
    const [first, second] = await store.due([1], NOON + 10, 2);
    expect(first).toEqual(entries[0]);
    await store.remove(second === undefined ? [] : [second]);
    expect(await store.due([1], NOON + 10, 10, second)).toEqual(entries.slice(2));
  },
};

const TAGS: StoreCases<ReminderStore> = {
  "keeps entries apart that differ in their tags alone": async ({ store }) => {
    const entries = ["", "1.1", "1.10", "1.2"].map((tag) => entry({ tag }));
    await store.add(entries);
    await store.add(entries);
    const due = await store.due([1], NOON, 100);
    expect(due.map(({ tag }) => tag).toSorted()).toEqual(["", "1.1", "1.10", "1.2"]);
  },

  "lets a late removal take its own entry alone": async ({ store }) => {
    await store.add([entry({ tag: "1.1" })]);
    await store.add([entry({ tag: "1.2" })]);
    await store.remove([entry({ tag: "1.1" })]);
    await store.remove([entry({ tag: "" })]);
    expect(await store.due([1], NOON, 100)).toEqual([entry({ tag: "1.2" })]);
  },
};

const CHANGES: StoreCases<ReminderStore> = {
  "takes an entry that is added twice for one": async ({ store }) => {
    await store.add([entry({}), entry({})]);
    await store.add([entry({})]);
    expect(await store.due([1], NOON, 100)).toEqual([entry({})]);
    await store.remove([entry({})]);
    expect(await store.due([1], NOON, 100)).toEqual([]);
  },

  "keeps one reminder at two due times, and removes the one that is named": async ({ store }) => {
    const [early, late] = [entry({ dueAt: NOON }), entry({ dueAt: NOON + 5_000 })];
    await store.add([early, late]);
    expect(await store.due([1], NOON + 10_000, 100)).toEqual([early, late]);
    await store.remove([early]);
    expect(await store.due([1], NOON + 10_000, 100)).toEqual([late]);
  },

  "removes what is not there without harm to its neighbours": async ({ store }) => {
    await store.remove([entry({})]);
    await store.add([entry({})]);
    await store.remove([
      entry({ bucket: 2 }),
      entry({ id: "bob" }),
      entry({ name: "other" }),
      entry({ name: "Statement" }),
      entry({ id: "ALICE" }),
      entry({ dueAt: NOON + 1 }),
      entry({ dueAt: NOON - 1 }),
    ]);
    expect(await store.due([1], NOON, 100)).toEqual([entry({})]);
  },

  "takes empty lists": async ({ store }) => {
    await store.add([]);
    await store.remove([]);
    expect(await store.due(ALL_BUCKETS, Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
  },

  "adds and removes thousands of entries at a time": async ({ store }) => {
    const entries = Array.from({ length: 5_000 }, (_, index) =>
      entry({ bucket: index % REMINDER_BUCKETS, id: `id ${index}`, dueAt: NOON + index }),
    );
    await store.add(entries);
    expect(await store.due(ALL_BUCKETS, NOON + 10_000, 10_000)).toEqual(entries);
    await store.remove(entries.filter((_, index) => index !== 4_321));
    expect(await store.due(ALL_BUCKETS, NOON + 10_000, 10_000)).toEqual([entries[4_321]]);
  },

  "agrees with a plain set after hundreds of random changes": async ({ store }) => {
    const random = seededRandom(11);
    const pick = (count: number): number => Math.floor(random.next() * count);
    const expected = new Map<string, DueEntry>();
    for (let round = 0; round < 120; round++) {
      const chosen = Array.from({ length: pick(6) }, () =>
        entry({
          bucket: pick(3),
          id: `id ${pick(3)}`,
          name: `name ${pick(2)}`,
          dueAt: NOON + pick(5),
        }),
      );
      const adding = random.next() < 0.6;
      await (adding ? store.add(chosen) : store.remove(chosen));
      for (const one of chosen) {
        if (adding) expected.set(keyOf(one), one);
        else expected.delete(keyOf(one));
      }
      const [buckets, until] = [[pick(3), 3], NOON + pick(5)];
      const found = await store.due(buckets, until, 1_000);
      const wanted = [...expected.values()].filter(
        ({ bucket, dueAt }) => buckets.includes(bucket) && dueAt <= until,
      );
      expect(found.map(keyOf).toSorted()).toEqual(wanted.map(keyOf).toSorted());
      expect(found.map(({ dueAt }) => dueAt)).toEqual(
        wanted.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b),
      );
    }
  },
};

const HANDLES: StoreCases<ReminderStore> = {
  "shows every handle what another one added and removed": async ({ subject, store }) => {
    const other = await subject.openHandle();
    await store.add([entry({})]);
    expect(await other.due([1], NOON, 100)).toEqual([entry({})]);
    await other.remove([entry({})]);
    expect(await store.due([1], NOON, 100)).toEqual([]);
  },

  "keeps what was added when all handles close": async ({ subject, store }) => {
    await store.add([entry({}), entry({ id: "bob", dueAt: NOON + 1 })]);
    await store.close();
    const reopened = await subject.openHandle();
    expect(await reopened.due([1], NOON + 1, 100)).toEqual([
      entry({}),
      entry({ id: "bob", dueAt: NOON + 1 }),
    ]);
  },

  "keeps what two handles add at once": async ({ subject, store }) => {
    const other = await subject.openHandle();
    const entries = Array.from({ length: 200 }, (_, index) =>
      entry({ bucket: index % 5, id: `id ${index}`, dueAt: NOON + index }),
    );
    await Promise.all(entries.map((one, index) => (index % 2 === 0 ? store : other).add([one])));
    expect(await store.due([0, 1, 2, 3, 4], NOON + 1_000, 1_000)).toEqual(entries);
  },
};

/** What every `ReminderStore` must do, each promise by its name. */
export const REMINDER_STORE_CASES: StoreCaseGroups<ReminderStore> = {
  "what is due": DUE,
  "adding and removing": CHANGES,
  "several handles": HANDLES,
  pages: PAGES,
  tags: TAGS,
};

function keyOf({ bucket, address, name, dueAt, tag }: DueEntry): string {
  return JSON.stringify([bucket, address.type, address.id, name, dueAt, tag]);
}
