import { expect, vi } from "vitest";
import { AWKWARD_ADDRESSES } from "./awkward-names.ts";
import { ALICE, claim, commit, texts } from "./state-changes.ts";
import type { StoreCases } from "./store-cases.ts";
import { entry, EVER, namesOf, tagsOf } from "./stores-fixture.ts";
import type { Stores } from "./stores-suite.ts";

/** What commits do to the index of due times. */
export const DUE_CHANGES: StoreCases<Stores> = {
  "puts the entries of a commit into the index and takes out those that it removes": async ({
    store,
  }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, {
      epoch,
      version: 1,
      set: { "r:bill": "one" },
      due: { add: [entry("bill", "1.1"), entry("poll", "1.2")], remove: [] },
    });
    expect(await tagsOf(store)).toEqual(["1.1", "1.2"]);
    await commit(store.state, ALICE, {
      epoch,
      version: 2,
      set: { "r:bill": "two" },
      due: { add: [entry("bill", "1.3")], remove: [entry("bill", "1.1")] },
    });
    await vi.waitFor(async () => expect(await tagsOf(store)).toEqual(["1.2", "1.3"]));
  },

  "removes nothing by a commit that is fenced": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const due = { add: [entry("bill", "1.1")], remove: [] };
    await commit(store.state, ALICE, { epoch, version: 1, set: { "r:bill": "one" }, due });
    await claim(store.state, ALICE, 2, "other");
    const late = { add: [], remove: [entry("bill", "1.1")] };
    const result = await commit(store.state, ALICE, { epoch, version: 2, set: {}, due: late });
    expect(result.kind).toBe("fenced");
    expect(await tagsOf(store)).toEqual(["1.1"]);
  },

  "has one effect of a commit that is repeated": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const due = { add: [entry("bill", "1.1")], remove: [] };
    const change = { epoch, version: 1, set: { "r:bill": "one" }, due };
    await commit(store.state, ALICE, change);
    expect(await commit(store.state, ALICE, change)).toEqual({ kind: "stored" });
    expect(await tagsOf(store)).toEqual(["1.1"]);
  },

  "has an entry for every stored field, whatever is committed at once": async ({ store }) => {
    const addresses = Array.from({ length: 40 }, (_, index) => ({
      type: "Account",
      id: `id ${index}`,
    }));
    await Promise.all(
      addresses.map(async (address) => {
        const { epoch } = await claim(store.state, address, 1);
        for (let version = 1; version <= 5; version++) {
          const tag = `${epoch}.${version}`;
          const add = [entry("bill", tag, address)];
          const remove = version === 1 ? [] : [entry("bill", `${epoch}.${version - 1}`, address)];
          const due = { add, remove };
          await commit(store.state, address, { epoch, version, set: { "r:bill": tag }, due });
        }
      }),
    );
    for (const address of addresses) {
      const stored = await store.state.read(address, "r:");
      const tag = texts(stored?.fields ?? new Map())["r:bill"];
      const due = await store.reminders.due([3], EVER, 1_000);
      expect(due.some((one) => one.address.id === address.id && one.tag === tag)).toBe(true);
    }
  },

  "adds every entry once, and removes none, when an older commit is repeated late": async ({
    store,
  }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const first = { add: [entry("bill", "1.1")], remove: [] };
    const second = { add: [entry("bill", "1.2")], remove: [entry("bill", "1.1")] };
    const third = { add: [entry("bill", "1.3")], remove: [entry("bill", "1.2")] };
    await commit(store.state, ALICE, { epoch, version: 1, set: {}, due: first });
    await commit(store.state, ALICE, { epoch, version: 2, set: {}, due: second });
    await commit(store.state, ALICE, { epoch, version: 3, set: {}, due: third });
    await commit(store.state, ALICE, { epoch, version: 2, set: {}, due: second });
    // A store that writes in steps may have added again what version 3 removed: one too many.
    await vi.waitFor(async () => expect(await tagsOf(store)).not.toContain("1.1"));
    expect(await tagsOf(store)).toContain("1.3");
  },

  "has the entry before anybody can see the field, whatever way it takes": async ({
    subject,
    store,
  }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const other = await subject.openHandle();
    for (let version = 1; version <= 30; version++) {
      const [tag, before] = [`1.${version}`, `1.${version - 1}`];
      const due = { add: [entry("bill", tag)], remove: [entry("bill", before)] };
      const set = { "r:bill": tag };
      const committing = commit(store.state, ALICE, { epoch, version, set, due });
      const seen = texts((await other.state.read(ALICE, "r:"))?.fields ?? new Map())["r:bill"];
      const tags = await tagsOf(other);
      if (seen === tag) expect(tags).toContain(tag);
      await committing;
    }
  },

  "lets the removal of an older entry take nothing that was added since with its name and time":
    async ({ subject, store }) => {
      const other = await subject.openHandle();
      const first = await claim(store.state, ALICE, 1, "a");
      const set = { "r:bill": "set" };
      const due = { add: [entry("bill", "1.1")], remove: [] };
      await commit(store.state, ALICE, { epoch: first.epoch, version: 1, set, due });
      const second = await claim(other.state, ALICE, 2, "b");
      const again = { add: [entry("bill", "2.2")], remove: [entry("bill", "1.1")] };
      await commit(other.state, ALICE, { epoch: second.epoch, version: 2, set, due: again });
      // What the first owner had sent, and gave up.
      await store.reminders.remove([entry("bill", "1.1")]);
      expect(await tagsOf(other)).toEqual(["2.2"]);
    },

  "takes an entry without a tag for one of its own, and removes it alone": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await store.reminders.add([entry("bill", ""), entry("poll", "")]);
    const due = { add: [entry("bill", "1.1")], remove: [entry("bill", "")] };
    await commit(store.state, ALICE, { epoch, version: 1, set: { "r:bill": "x" }, due });
    await vi.waitFor(async () => expect(await tagsOf(store)).toEqual(["", "1.1"]));
    const left = await store.reminders.due([3], EVER, 10);
    expect(left.map(({ name, tag }) => `${name} ${tag}`).toSorted()).toEqual(["bill 1.1", "poll "]);
  },

  "keeps the entries of several buckets and of awkward actors apart": async ({ store }) => {
    for (const [index, address] of AWKWARD_ADDRESSES.entries()) {
      const { epoch } = await claim(store.state, address, 1);
      const add = [0, 1_024, 2_048].map((from) => ({
        ...entry("bill", "1.1", address),
        bucket: from + index,
      }));
      const remove = [{ ...entry("bill", "1.0", address), bucket: index }];
      await commit(store.state, address, { epoch, version: 1, set: {}, due: { add, remove } });
    }
    for (const from of [0, 1_024, 2_048]) {
      const buckets = AWKWARD_ADDRESSES.map((_, index) => from + index);
      const found = await store.reminders.due(buckets, EVER, 1_000);
      expect(namesOf(found.map(({ address }) => address))).toEqual(namesOf(AWKWARD_ADDRESSES));
    }
  },
};
