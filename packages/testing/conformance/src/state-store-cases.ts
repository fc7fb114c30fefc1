import { type ClaimResult, type StateStore } from "@troupe/core";
import { expect } from "vitest";
import { ALICE, BOB, claim, commit, texts } from "./state-changes.ts";
import { HANDLES, SIZES } from "./state-handle-cases.ts";
import type { StoreCaseGroups, StoreCases } from "./store-cases.ts";

const CLAIMS: StoreCases<StateStore> = {
  "gives an actor that never stored anything version 0, no fields and a positive epoch": async ({
    store,
  }) => {
    const claimed = await claim(store, ALICE, 1);
    expect(claimed.epoch).toBeGreaterThan(0);
    expect(claimed.version).toBe(0);
    expect(claimed.fields.size).toBe(0);
  },

  "gives every claim a higher epoch than all before it": async ({ store }) => {
    const epochs: number[] = [];
    for (const [revision, silo] of [
      [3, "a"],
      [3, "a"],
      [4, "a"],
      [7, "b"],
      [7, "b"],
    ] as const) {
      epochs.push((await claim(store, ALICE, revision, silo)).epoch);
    }
    expect(epochs).toEqual([...new Set(epochs)].toSorted((a, b) => a - b));
  },

  "gives an epoch above one that it is told, also if that is lower than its own": async ({
    store,
  }) => {
    const above = (epochAbove: number): Promise<ClaimResult> =>
      store.claim(ALICE, { revision: 3, siloId: "a", epochAbove });
    expect(await above(5_000_000)).toMatchObject({ kind: "claimed", epoch: 5_000_001, version: 0 });
    expect(await above(7)).toMatchObject({ epoch: 5_000_002 });
    const { epoch } = await claim(store, ALICE, 3, "a");
    expect(epoch).toBe(5_000_003);
    expect(await commit(store, ALICE, { epoch, version: 1, set: { x: "1" } })).toEqual({
      kind: "stored",
    });
    expect(await store.claim(BOB, { revision: 1, siloId: "a", epochAbove: 2 ** 52 })).toMatchObject(
      {
        epoch: 2 ** 52 + 1,
      },
    );
  },

  "refuses a lower revision and says who has claimed, even to the silo that has": async ({
    store,
  }) => {
    await claim(store, ALICE, 8, "a");
    const refusal = { kind: "refused", revision: 8, siloId: "a" };
    expect(await store.claim(ALICE, { revision: 7, siloId: "b" })).toEqual(refusal);
    expect(await store.claim(ALICE, { revision: 7, siloId: "a" })).toEqual(refusal);
  },

  "refuses the same revision from another silo, and grants it to the same silo again": async ({
    store,
  }) => {
    const first = await claim(store, ALICE, 8, "a");
    expect(await store.claim(ALICE, { revision: 8, siloId: "b" })).toEqual({
      kind: "refused",
      revision: 8,
      siloId: "a",
    });
    expect((await claim(store, ALICE, 8, "a")).epoch).toBeGreaterThan(first.epoch);
  },

  "does not raise the epoch when it refuses": async ({ store }) => {
    const first = await claim(store, ALICE, 8, "a");
    await store.claim(ALICE, { revision: 8, siloId: "b" });
    await store.claim(ALICE, { revision: 2, siloId: "b" });
    expect(await commit(store, ALICE, { epoch: first.epoch, version: 1, set: { x: "1" } })).toEqual(
      { kind: "stored" },
    );
  },

  "takes revisions as large as a store's counters get": async ({ store }) => {
    await claim(store, ALICE, 2 ** 53 - 2, "a");
    expect((await store.claim(ALICE, { revision: 2 ** 53 - 3, siloId: "b" })).kind).toBe("refused");
    expect((await store.claim(ALICE, { revision: 2 ** 53 - 1, siloId: "b" })).kind).toBe("claimed");
    const refusal = await store.claim(ALICE, { revision: 1, siloId: "c" });
    expect(refusal).toEqual({ kind: "refused", revision: 2 ** 53 - 1, siloId: "b" });
  },

  "keeps the claims of different actors apart": async ({ store }) => {
    await claim(store, ALICE, 9, "a");
    expect((await store.claim(BOB, { revision: 1, siloId: "b" })).kind).toBe("claimed");
  },
};

const COMMITS: StoreCases<StateStore> = {
  "gives back what was stored, with the version of the last commit": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    expect(await commit(store, ALICE, { epoch, version: 1, set: { a: "1", b: "2" } })).toEqual({
      kind: "stored",
    });
    expect(await commit(store, ALICE, { epoch, version: 2, set: { b: "3", c: "" } })).toEqual({
      kind: "stored",
    });
    const claimed = await claim(store, ALICE, 1);
    expect(claimed.version).toBe(2);
    expect(texts(claimed.fields)).toEqual({ a: "1", b: "3", c: "" });
  },

  "removes fields, also ones that are not there, and sets others in the same commit": async ({
    store,
  }) => {
    const { epoch } = await claim(store, ALICE, 1);
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1", b: "2" } });
    await commit(store, ALICE, { epoch, version: 2, set: { c: "3" }, remove: ["a", "never"] });
    expect(texts((await claim(store, ALICE, 1)).fields)).toEqual({ b: "2", c: "3" });
  },

  "keeps epoch, claim and version of an actor whose last field is gone": async ({ store }) => {
    const first = await claim(store, ALICE, 5, "a");
    await commit(store, ALICE, { epoch: first.epoch, version: 1, set: { a: "1" } });
    await commit(store, ALICE, { epoch: first.epoch, version: 2, set: {}, remove: ["a"] });
    expect((await store.claim(ALICE, { revision: 4, siloId: "b" })).kind).toBe("refused");
    const second = await claim(store, ALICE, 6, "b");
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(second.version).toBe(2);
    expect(second.fields.size).toBe(0);
  },

  "counts a commit that changes nothing": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    expect(await commit(store, ALICE, { epoch, version: 1, set: {} })).toEqual({ kind: "stored" });
    expect((await claim(store, ALICE, 1)).version).toBe(1);
  },

  "answers stored to a repeated commit, with one effect": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1", gone: "x" } });
    expect(
      await commit(store, ALICE, { epoch, version: 2, set: { a: "2" }, remove: ["gone"] }),
    ).toEqual({ kind: "stored" });
    expect(
      await commit(store, ALICE, { epoch, version: 2, set: { a: "2" }, remove: ["gone"] }),
    ).toEqual({ kind: "stored" });
    const claimed = await claim(store, ALICE, 1);
    expect(claimed.version).toBe(2);
    expect(texts(claimed.fields)).toEqual({ a: "2" });
  },

  "does not let a late repetition undo the commits after it": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1", b: "1" } });
    await commit(store, ALICE, { epoch, version: 2, set: { a: "2" }, remove: ["b"] });
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1", b: "1" } });
    const claimed = await claim(store, ALICE, 1);
    expect(claimed.version).toBe(2);
    expect(texts(claimed.fields)).toEqual({ a: "2" });
  },

  "applies the commit that follows a repeated one": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1" } });
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1" } });
    expect(await commit(store, ALICE, { epoch, version: 2, set: { a: "2" } })).toEqual({
      kind: "stored",
    });
    expect(texts((await claim(store, ALICE, 1)).fields)).toEqual({ a: "2" });
  },

  "goes on from the stored version under a new claim": async ({ store }) => {
    const first = await claim(store, ALICE, 1, "a");
    await commit(store, ALICE, { epoch: first.epoch, version: 1, set: { a: "1" } });
    const second = await claim(store, ALICE, 2, "b");
    expect(
      await commit(store, ALICE, {
        epoch: second.epoch,
        version: second.version + 1,
        set: { a: "2" },
      }),
    ).toEqual({
      kind: "stored",
    });
    expect((await claim(store, ALICE, 2, "b")).version).toBe(2);
  },

  "shares no memory with its callers": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    const surroundings = new TextEncoder().encode("before-value-after");
    const view = surroundings.subarray(7, 12);
    await store.commit(ALICE, { epoch, version: 1, set: new Map([["a", view]]), remove: [] });
    surroundings.fill(0);
    const read = await claim(store, ALICE, 1);
    expect(texts(read.fields)).toEqual({ a: "value" });
    read.fields.get("a")?.fill(0);
    expect(texts((await claim(store, ALICE, 1)).fields)).toEqual({ a: "value" });
  },
};

const IDENTITY: StoreCases<StateStore> = {
  "keeps the first membership that is noted, until another one replaces it": async ({ store }) => {
    expect(await store.identify("one", "keep")).toBe("one");
    expect(await store.identify("two", "keep")).toBe("one");
    expect(await store.identify("two", "replace")).toBe("two");
    expect(await store.identify("one", "keep")).toBe("two");
  },
};

const FENCING: StoreCases<StateStore> = {
  "fences a commit under an old epoch, says the newer one, and writes nothing": async ({
    store,
  }) => {
    const old = await claim(store, ALICE, 1, "a");
    await commit(store, ALICE, { epoch: old.epoch, version: 1, set: { a: "1", b: "1" } });
    const newer = await claim(store, ALICE, 2, "b");
    expect(
      await commit(store, ALICE, {
        epoch: old.epoch,
        version: 2,
        set: { a: "old", c: "old" },
        remove: ["b"],
      }),
    ).toEqual({
      kind: "fenced",
      epoch: newer.epoch,
    });
    const claimed = await claim(store, ALICE, 2, "b");
    expect(claimed.version).toBe(1);
    expect(texts(claimed.fields)).toEqual({ a: "1", b: "1" });
  },

  "fences the older activation of the same silo and revision, too": async ({ store }) => {
    const old = await claim(store, ALICE, 1, "a");
    await claim(store, ALICE, 1, "a");
    expect(
      (await commit(store, ALICE, { epoch: old.epoch, version: 1, set: { a: "old" } })).kind,
    ).toBe("fenced");
    expect((await claim(store, ALICE, 1, "a")).fields.size).toBe(0);
  },

  "does not take a new owner's commit of the same version for a repetition of the old one's":
    async ({ store }) => {
      const old = await claim(store, ALICE, 1, "a");
      const newer = await claim(store, ALICE, 2, "b");
      expect(
        await commit(store, ALICE, { epoch: newer.epoch, version: 1, set: { a: "new" } }),
      ).toEqual({ kind: "stored" });
      expect(
        (await commit(store, ALICE, { epoch: old.epoch, version: 1, set: { a: "old" } })).kind,
      ).toBe("fenced");
      expect(texts((await claim(store, ALICE, 2, "b")).fields)).toEqual({ a: "new" });
    },

  "does not store a commit that leaves out a version, for its owner has lost one": async ({
    store,
  }) => {
    const { epoch } = await claim(store, ALICE, 1);
    await commit(store, ALICE, { epoch, version: 1, set: { a: "1" } });
    const [outcome] = await Promise.allSettled([
      commit(store, ALICE, { epoch, version: 3, set: { a: "3" } }),
    ]);
    expect(outcome).not.toMatchObject({ status: "fulfilled", value: { kind: "stored" } });
    const claimed = await claim(store, ALICE, 1);
    expect(claimed.version).toBe(1);
    expect(texts(claimed.fields)).toEqual({ a: "1" });
  },

  "fences a commit under an epoch that no claim was given": async ({ store }) => {
    expect((await commit(store, ALICE, { epoch: 5, version: 1, set: { a: "1" } })).kind).toBe(
      "fenced",
    );
    const claimed = await claim(store, ALICE, 1);
    expect(
      (await commit(store, ALICE, { epoch: claimed.epoch + 5, version: 1, set: { a: "1" } })).kind,
    ).toBe("fenced");
    expect((await claim(store, ALICE, 1)).fields.size).toBe(0);
  },
};

/** What every `StateStore` must do, each promise by its name. */
export const STATE_STORE_CASES: StoreCaseGroups<StateStore> = {
  claims: CLAIMS,
  commits: COMMITS,
  fencing: FENCING,
  identity: IDENTITY,
  "several handles": HANDLES,
  "names and sizes": SIZES,
};
