import { sleep, systemClock } from "@troupe/core";
import { expect, vi } from "vitest";
import { AWKWARD_ADDRESSES } from "./awkward-names.ts";
import { ALICE, claim, commit, texts } from "./state-changes.ts";
import type { StoreCases } from "./store-cases.ts";
import { entry, EVER, KEEP_MS, listAll, namesOf, storeOne } from "./stores-fixture.ts";
import type { Stores } from "./stores-suite.ts";

/** How an actor's stored life ends. */
export const RETIREMENT: StoreCases<Stores> = {
  "leaves no field of an actor, and keeps its older owners out": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    const end = { epoch, version: 2, keepMs: KEEP_MS };
    expect(await store.state.retire(ALICE, end)).toEqual({ kind: "stored" });
    expect(await store.state.retire(ALICE, end)).toEqual({ kind: "stored" });
    expect((await store.state.read(ALICE, ""))?.fields.size ?? 0).toBe(0);
    const next = await claim(store.state, ALICE, 2);
    expect(next.epoch).toBeGreaterThan(epoch);
    expect(next.fields.size).toBe(0);
    const late = { epoch, version: 3, set: { "s:a": "late" } };
    expect((await commit(store.state, ALICE, late)).kind).toBe("fenced");
  },

  "is refused under an older epoch, and by a version that is not the next": async ({ store }) => {
    const first = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch: first.epoch, version: 1, set: { "s:a": "1" } });
    const second = await claim(store.state, ALICE, 2);
    const late = { epoch: first.epoch, version: 2, keepMs: KEEP_MS };
    expect((await store.state.retire(ALICE, late)).kind).toBe("fenced");
    const ahead = { epoch: second.epoch, version: 7, keepMs: KEEP_MS };
    expect((await store.state.retire(ALICE, ahead)).kind).toBe("fenced");
    expect((await store.state.read(ALICE, ""))?.fields.size).toBe(1);
  },

  "lets the actor live again, for good": async ({ store }) => {
    const first = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch: first.epoch, version: 1, set: { "s:a": "1" } });
    await store.state.retire(ALICE, { epoch: first.epoch, version: 2, keepMs: 200 });
    const { epoch, version } = await claim(store.state, ALICE, 2);
    const again = { epoch, version: version + 1, set: { "s:a": "2" } };
    expect(await commit(store.state, ALICE, again)).toEqual({ kind: "stored" });
    await sleep(systemClock, 400);
    expect(texts((await claim(store.state, ALICE, 2)).fields)).toEqual({ "s:a": "2" });
  },

  "leaves nothing when the time is over": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    await store.state.retire(ALICE, { epoch, version: 2, keepMs: 50 });
    await vi.waitFor(async () => expect(await store.state.read(ALICE, "")).toBeUndefined());
  },

  "takes no commit until the actor is claimed again, not even from who retired it": async ({
    store,
  }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    await store.state.retire(ALICE, { epoch, version: 2, keepMs: KEEP_MS });
    const next = { epoch, version: 3, set: { "s:a": "2" } };
    expect((await commit(store.state, ALICE, next)).kind).toBe("fenced");
    const again = { epoch, version: 3, keepMs: KEEP_MS };
    expect((await store.state.retire(ALICE, again)).kind).toBe("fenced");
    expect((await store.state.read(ALICE, ""))?.fields.size ?? 0).toBe(0);
  },

  "does nothing to the next life when it is repeated late": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    const end = { epoch, version: 2, keepMs: 100 };
    await store.state.retire(ALICE, end);
    const second = await claim(store.state, ALICE, 1);
    const set = { "s:a": "2" };
    await commit(store.state, ALICE, { epoch: second.epoch, version: second.version + 1, set });
    expect((await store.state.retire(ALICE, end)).kind).toBe("fenced");
    await sleep(systemClock, 250);
    expect(texts((await store.state.read(ALICE, ""))?.fields ?? new Map())).toEqual(set);
  },

  "is not taken for done because a commit had its version": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    const end = { epoch, version: 1, keepMs: KEEP_MS };
    expect((await store.state.retire(ALICE, end)).kind).toBe("fenced");
    expect((await store.state.read(ALICE, ""))?.fields.size).toBe(1);
  },

  "lets the actor be claimed at any revision when the time is over, and not before": async ({
    store,
  }) => {
    const { epoch } = await claim(store.state, ALICE, 7, "a");
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    await store.state.retire(ALICE, { epoch, version: 2, keepMs: 300 });
    expect((await store.state.claim(ALICE, { revision: 3, siloId: "b" })).kind).toBe("refused");
    await vi.waitFor(
      async () =>
        expect((await store.state.claim(ALICE, { revision: 3, siloId: "b" })).kind).toBe("claimed"),
      2_000,
    );
    expect((await store.state.read(ALICE, ""))?.fields.size).toBe(0);
  },

  "has one winner when it meets a claim, and loses no commit of the next life": async ({
    subject,
    store,
  }) => {
    const other = await subject.openHandle();
    for (let round = 0; round < 20; round++) {
      const address = { type: "Account", id: `raced ${round}` };
      const old = await claim(store.state, address, 1, "a");
      await commit(store.state, address, { epoch: old.epoch, version: 1, set: { "s:a": "1" } });
      const [retired, next] = await Promise.all([
        store.state.retire(address, { epoch: old.epoch, version: 2, keepMs: KEEP_MS }),
        claim(other.state, address, 2, "b"),
      ]);
      // Whoever was first, the claim reads what then was stored, and goes on from there.
      expect([next.fields.size, next.version]).toEqual(retired.kind === "stored" ? [0, 2] : [1, 1]);
      const set = { "s:b": "2" };
      const going = { epoch: next.epoch, version: next.version + 1, set };
      expect(await commit(other.state, address, going)).toEqual({ kind: "stored" });
      const fields = texts((await store.state.read(address, ""))?.fields ?? new Map());
      expect(fields["s:b"]).toBe("2");
    }
  },

  "changes the index as a commit does, and not when it is fenced": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const add = [entry("bill", "1.1"), entry("poll", "1.1")];
    const set = { "r:bill": "x" };
    await commit(store.state, ALICE, { epoch, version: 1, set, due: { add, remove: [] } });
    const due = { add: [entry("gone", "1.2")], remove: [entry("bill", "1.1")] };
    const early = { epoch: epoch - 1, version: 2, keepMs: KEEP_MS, due };
    expect((await store.state.retire(ALICE, early)).kind).toBe("fenced");
    expect((await store.reminders.due([3], EVER, 10)).map(({ name }) => name)).toContain("bill");
    await store.state.retire(ALICE, { ...early, epoch });
    await vi.waitFor(async () => {
      const found = await store.reminders.due([3], EVER, 10);
      expect(found.map(({ name }) => name).toSorted()).toEqual(["gone", "poll"]);
    });
  },

  "ends a large actor at once, and awkward ones each for itself": async ({ store }) => {
    const set = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`h:${index}`, "x".repeat(10)]),
    );
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set });
    for (const address of AWKWARD_ADDRESSES) await storeOne(store, address);
    const end = { epoch, version: 2, keepMs: KEEP_MS };
    expect(await store.state.retire(ALICE, end)).toEqual({ kind: "stored" });
    const [first, ...rest] = AWKWARD_ADDRESSES;
    if (first !== undefined)
      await store.state.retire(first, { epoch: 1, version: 2, keepMs: KEEP_MS });
    expect(namesOf(await listAll(store, { limit: 100 }))).toEqual(namesOf(rest));
  },
};
