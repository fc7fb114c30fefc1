import { REMINDER_BUCKETS, type DueEntry, type ReminderStore } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AWKWARD_ADDRESSES, AWKWARD_NAMES } from "./awkward-names.ts";
import { seededRandom } from "./seeded-random.ts";
import type { StoreSubject, SuiteOptions } from "./suite-subject.ts";

const ALL_BUCKETS: readonly number[] = Array.from({ length: REMINDER_BUCKETS }, (_, bucket) => bucket);
const NOON = Date.UTC(2026, 10, 22, 12);

/** What every `ReminderStore` must do, tried on one that `open` gives. */
export function reminderStoreSuite(options: SuiteOptions<StoreSubject<ReminderStore>>): void {
  describe(`ReminderStore: ${options.name}`, () => {
    let subject: StoreSubject<ReminderStore>;
    let store: ReminderStore;

    beforeEach(async () => {
      subject = await options.open();
      store = await subject.openHandle();
    });
    afterEach(() => subject.dispose());

    const context: ReminderContext = { subject: () => subject, store: () => store };
    describe("what is due", () => dueTests(context));
    describe("adding and removing", () => changeTests(context));
    describe("several handles", () => handleTests(context));
  });
}

interface ReminderContext {
  readonly subject: () => StoreSubject<ReminderStore>;
  readonly store: () => ReminderStore;
}

function entry(fields: { bucket?: number; id?: string; name?: string; dueAt?: number }): DueEntry {
  const { bucket = 1, id = "alice", name = "statement", dueAt = NOON } = fields;
  return { bucket, address: { type: "Account", id }, name, dueAt };
}

function dueTests({ store }: ReminderContext): void {
  it("gives nothing of an empty store and of no buckets", async () => {
    expect(await store().due(ALL_BUCKETS, Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
    await store().add([entry({})]);
    expect(await store().due([], Number.MAX_SAFE_INTEGER, 100)).toEqual([]);
  });

  it("gives what is due at the very moment, and not a millisecond before", async () => {
    await store().add([entry({ dueAt: NOON })]);
    expect(await store().due([1], NOON - 1, 100)).toEqual([]);
    expect(await store().due([1], NOON, 100)).toEqual([entry({ dueAt: NOON })]);
    expect(await store().due([1], NOON + 1, 100)).toEqual([entry({ dueAt: NOON })]);
  });

  it("gives the earliest first, whatever the order of adding and the bucket", async () => {
    const times = [9, 1_000, 10, 99, 100, 2, 1, 86_400_000];
    await store().add(times.map((ms, index) => entry({ bucket: (index * 37) % 1_000, id: `id ${index}`, dueAt: NOON + ms })));
    const due = await store().due(ALL_BUCKETS, NOON + 10 ** 9, 100);
    expect(due.map(({ dueAt }) => dueAt - NOON)).toEqual(times.toSorted((a, b) => a - b));
  });

  it("gives at most the limit, and then the earliest of all buckets", async () => {
    const entries = ALL_BUCKETS.slice(0, 50).flatMap((bucket) =>
      [0, 1, 2, 3].map((step) => entry({ bucket, id: `id ${bucket}`, dueAt: NOON + step * 50 + bucket })),
    );
    await store().add(entries);
    const due = await store().due(ALL_BUCKETS, NOON + 10 ** 6, 60);
    expect(due.map(({ dueAt }) => dueAt - NOON)).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it("gives the earliest of one bucket that has more than the limit", async () => {
    await store().add(Array.from({ length: 500 }, (_, index) => entry({ id: `id ${index}`, dueAt: NOON + 500 - index })));
    const due = await store().due([0, 1, 2], NOON + 10 ** 6, 7);
    expect(due.map(({ dueAt }) => dueAt - NOON)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("looks at the buckets that were named, and at no others", async () => {
    const first = entry({ bucket: 0, id: "first" });
    const last = entry({ bucket: REMINDER_BUCKETS - 1, id: "last" });
    await store().add([first, last, entry({ bucket: 10 }), entry({ bucket: 100 }), entry({ bucket: 11 })]);
    expect(await store().due([0], NOON, 100)).toEqual([first]);
    expect(await store().due([REMINDER_BUCKETS - 1], NOON, 100)).toEqual([last]);
    expect(await store().due([1, 101, 1_000], NOON, 100)).toEqual([]);
  });

  it("keeps times from the epoch to the end of the calendar exactly", async () => {
    const times = [0, 1, 999, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 999_999_999_999, 1_000_000_000_000, NOON, 8.64e15];
    await store().add(times.map((dueAt) => entry({ dueAt })));
    const due = await store().due([1], Number.MAX_SAFE_INTEGER, 100);
    expect(due.map(({ dueAt }) => dueAt)).toEqual(times);
  });

  it("gives back awkward addresses and names as they were", async () => {
    const entries = [
      ...AWKWARD_ADDRESSES.map((address, index) => ({ bucket: index, address, name: "statement", dueAt: NOON + index })),
      ...AWKWARD_NAMES.map((name, index) => entry({ bucket: 900, name, dueAt: NOON + 1_000 + index })),
      {
        bucket: 901,
        address: AWKWARD_ADDRESSES.at(-1) ?? entry({}).address,
        name: AWKWARD_NAMES.at(-1) ?? "",
        dueAt: NOON + 9_999,
      },
    ];
    await store().add(entries);
    expect(await store().due(ALL_BUCKETS, NOON + 10_000, 1_000)).toEqual(entries);
    await store().remove(entries.slice(1));
    expect(await store().due(ALL_BUCKETS, NOON + 10_000, 1_000)).toEqual(entries.slice(0, 1));
  });
}

function changeTests({ store }: ReminderContext): void {
  it("takes an entry that is added twice for one", async () => {
    await store().add([entry({}), entry({})]);
    await store().add([entry({})]);
    expect(await store().due([1], NOON, 100)).toEqual([entry({})]);
    await store().remove([entry({})]);
    expect(await store().due([1], NOON, 100)).toEqual([]);
  });

  it("keeps one reminder at two due times, and removes the one that is named", async () => {
    const [early, late] = [entry({ dueAt: NOON }), entry({ dueAt: NOON + 5_000 })];
    await store().add([early, late]);
    expect(await store().due([1], NOON + 10_000, 100)).toEqual([early, late]);
    await store().remove([early]);
    expect(await store().due([1], NOON + 10_000, 100)).toEqual([late]);
  });

  it("removes what is not there without harm to its neighbours", async () => {
    await store().remove([entry({})]);
    await store().add([entry({})]);
    await store().remove([
      entry({ bucket: 2 }),
      entry({ id: "bob" }),
      entry({ name: "other" }),
      entry({ dueAt: NOON + 1 }),
      entry({ dueAt: NOON - 1 }),
    ]);
    expect(await store().due([1], NOON, 100)).toEqual([entry({})]);
  });

  it("takes empty lists", async () => {
    await store().add([]);
    await store().remove([]);
    expect(await store().due(ALL_BUCKETS, Number.MAX_SAFE_INTEGER, 1)).toEqual([]);
  });

  it("adds and removes thousands of entries at a time", async () => {
    const entries = Array.from({ length: 5_000 }, (_, index) =>
      entry({ bucket: index % REMINDER_BUCKETS, id: `id ${index}`, dueAt: NOON + index }),
    );
    await store().add(entries);
    expect(await store().due(ALL_BUCKETS, NOON + 10_000, 10_000)).toEqual(entries);
    await store().remove(entries.filter((_, index) => index !== 4_321));
    expect(await store().due(ALL_BUCKETS, NOON + 10_000, 10_000)).toEqual([entries[4_321]]);
  });

  it("agrees with a plain set after hundreds of random changes", async () => {
    const random = seededRandom(11);
    const pick = (count: number): number => Math.floor(random.next() * count);
    const expected = new Map<string, DueEntry>();
    for (let round = 0; round < 120; round++) {
      const chosen = Array.from({ length: pick(6) }, () =>
        entry({ bucket: pick(3), id: `id ${pick(3)}`, name: `name ${pick(2)}`, dueAt: NOON + pick(5) }),
      );
      const adding = random.next() < 0.6;
      await (adding ? store().add(chosen) : store().remove(chosen));
      for (const one of chosen) {
        if (adding) expected.set(keyOf(one), one);
        else expected.delete(keyOf(one));
      }
      const [buckets, until] = [[pick(3), 3], NOON + pick(5)];
      const found = await store().due(buckets, until, 1_000);
      const wanted = [...expected.values()].filter(({ bucket, dueAt }) => buckets.includes(bucket) && dueAt <= until);
      expect(found.map(keyOf).toSorted()).toEqual(wanted.map(keyOf).toSorted());
      expect(found.map(({ dueAt }) => dueAt)).toEqual(wanted.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b));
    }
  });
}

function handleTests({ subject, store }: ReminderContext): void {
  it("shows every handle what another one added and removed", async () => {
    const other = await subject().openHandle();
    await store().add([entry({})]);
    expect(await other.due([1], NOON, 100)).toEqual([entry({})]);
    await other.remove([entry({})]);
    expect(await store().due([1], NOON, 100)).toEqual([]);
  });

  it("keeps what was added when all handles close", async () => {
    await store().add([entry({}), entry({ id: "bob", dueAt: NOON + 1 })]);
    await store().close();
    const reopened = await subject().openHandle();
    expect(await reopened.due([1], NOON + 1, 100)).toEqual([entry({}), entry({ id: "bob", dueAt: NOON + 1 })]);
  });

  it("keeps what two handles add at once", async () => {
    const other = await subject().openHandle();
    const entries = Array.from({ length: 200 }, (_, index) =>
      entry({ bucket: index % 5, id: `id ${index}`, dueAt: NOON + index }),
    );
    await Promise.all(entries.map((one, index) => (index % 2 === 0 ? store() : other).add([one])));
    expect(await store().due([0, 1, 2, 3, 4], NOON + 1_000, 1_000)).toEqual(entries);
  });
}

function keyOf({ bucket, address, name, dueAt }: DueEntry): string {
  return JSON.stringify([bucket, address.type, address.id, name, dueAt]);
}
