import { expect } from "vitest";
import { ALICE, BOB, claim, commit, texts } from "./state-changes.ts";
import type { StoreCases } from "./store-cases.ts";
import type { Stores } from "./stores-suite.ts";

/** Commits that remove fields by ranges of their names. */
export const RANGES: StoreCases<Stores> = {
  "removes the fields of a range, and sets what the same commit sets": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const names = ["h:0001", "h:0002", "h:0003", "h:0010", "i:0002", "s:h"];
    const set = Object.fromEntries(names.map((name) => [name, name]));
    await commit(store.state, ALICE, { epoch, version: 1, set });
    await commit(store.state, ALICE, {
      epoch,
      version: 2,
      set: { "h:0010": "again", "h:0002": "new" },
      removeRanges: [{ from: "h:0001", to: "h:0010" }],
      remove: ["s:h"],
    });
    const { fields } = await claim(store.state, ALICE, 1);
    expect(texts(fields)).toEqual({ "h:0002": "new", "h:0010": "again", "i:0002": "i:0002" });
  },

  "removes thousands of fields by one range": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const names = Array.from({ length: 9_000 }, (_, n) => `h:${String(n).padStart(6, "0")}`);
    const set = Object.fromEntries(names.map((name) => [name, "x"]));
    await commit(store.state, ALICE, { epoch, version: 1, set });
    const removeRanges = [{ from: "h:000000", to: "h:008999" }];
    await commit(store.state, ALICE, { epoch, version: 2, set: {}, removeRanges });
    expect([...(await claim(store.state, ALICE, 1)).fields.keys()]).toEqual(["h:008999"]);
  },

  "removes nothing beside the ranges, whatever the names are": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const kept = ["h", "h:", "h:09", "h:2", "h:20", "h9", "H:15", "i:15", "__proto__"];
    const gone = ["h:1", "h:10", "h:1~", "h:1999", "j:a"];
    const set = Object.fromEntries([...kept, ...gone].map((name) => [`x${name}`, name]));
    await commit(store.state, ALICE, { epoch, version: 1, set });
    await commit(store.state, ALICE, {
      epoch,
      version: 2,
      set: {},
      removeRanges: [
        { from: "xh:1", to: "xh:2" },
        { from: "xj:", to: "xj:b" },
        { from: "xz", to: "xa" },
        { from: "xh:20", to: "xh:20" },
      ],
    });
    const { fields } = await claim(store.state, ALICE, 1);
    expect([...fields.keys()].toSorted()).toEqual(kept.map((name) => `x${name}`).toSorted());
  },

  "removes no range of another actor, by a fenced commit, or by a late repetition": async ({
    store,
  }) => {
    const removeRanges = [{ from: "h:0", to: "h:9" }];
    const old = await claim(store.state, ALICE, 1, "a");
    const bobs = await claim(store.state, BOB, 1, "a");
    await commit(store.state, BOB, { epoch: bobs.epoch, version: 1, set: { "h:1": "bob" } });
    await commit(store.state, ALICE, { epoch: old.epoch, version: 1, set: {}, removeRanges });
    await commit(store.state, ALICE, { epoch: old.epoch, version: 2, set: { "h:1": "kept" } });
    // Version 1 again, and then under an epoch that is over.
    await commit(store.state, ALICE, { epoch: old.epoch, version: 1, set: {}, removeRanges });
    await claim(store.state, ALICE, 2, "b");
    const late = { epoch: old.epoch, version: 3, set: {}, removeRanges };
    expect((await commit(store.state, ALICE, late)).kind).toBe("fenced");
    for (const address of [ALICE, BOB])
      expect((await store.state.read(address, "h:"))?.fields.size).toBe(1);
  },
};
