import { expect } from "vitest";
import { ALICE, BOB, claim, commit, texts } from "./state-changes.ts";
import type { StoreCases } from "./store-cases.ts";
import type { Stores } from "./stores-suite.ts";

/** What is seen of an actor without a claim. */
export const READING: StoreCases<Stores> = {
  "reads what is stored without a claim, so that its owner goes on": async ({ store, subject }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const set = { "s:balance": "5", "r:bill": "x", "s:": "empty" };
    await commit(store.state, ALICE, { epoch, version: 1, set });
    const reader = await subject.openHandle();
    const slots = await reader.state.read(ALICE, "s:");
    expect(slots && { ...slots, fields: texts(slots.fields) }).toEqual({
      epoch,
      version: 1,
      fields: { "s:balance": "5", "s:": "empty" },
    });
    expect(texts((await reader.state.read(ALICE, ""))?.fields ?? new Map())).toEqual(set);
    const next = { epoch, version: 2, set: { "s:balance": "6" } };
    expect(await commit(store.state, ALICE, next)).toEqual({ kind: "stored" });
    const again = await reader.state.read(ALICE, "s:b");
    expect(texts(again?.fields ?? new Map())).toEqual({ "s:balance": "6" });
  },

  "tells an actor that never stored anything from one that has no such field": async ({
    store,
  }) => {
    expect(await store.state.read(BOB, "")).toBeUndefined();
    const { epoch } = await claim(store.state, ALICE, 1);
    await commit(store.state, ALICE, { epoch, version: 1, set: { "s:a": "1" } });
    expect((await store.state.read(ALICE, "t:"))?.fields.size).toBe(0);
  },

  "sees what another handle committed last": async ({ subject, store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const reader = await subject.openHandle();
    for (let version = 1; version <= 20; version++) {
      await commit(store.state, ALICE, { epoch, version, set: { "s:n": String(version) } });
      const stored = await reader.state.read(ALICE, "s:");
      expect([stored?.version, texts(stored?.fields ?? new Map())]).toEqual([
        version,
        { "s:n": String(version) },
      ]);
    }
  },

  "reads fields that are of one commit, while commits go on": async ({ subject, store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const reader = await subject.openHandle();
    const writing = (async () => {
      for (let version = 1; version <= 100; version++) {
        const text = String(version);
        await commit(store.state, ALICE, { epoch, version, set: { "s:a": text, "s:b": text } });
      }
    })();
    for (let reads = 0; reads < 100; reads++) {
      const stored = await reader.state.read(ALICE, "s:");
      const fields = texts(stored?.fields ?? new Map());
      expect(fields["s:a"]).toBe(fields["s:b"]);
      if (stored !== undefined && stored.version > 0)
        expect(fields["s:a"]).toBe(String(stored.version));
    }
    await writing;
  },

  "takes a prefix for what it is, also an awkward one": async ({ store }) => {
    const { epoch } = await claim(store.state, ALICE, 1);
    const set = { "h:a*": "1", "h:a?": "2", "h:aa": "3", "h:": "4", "xh:a": "5", "h:ä": "6" };
    await commit(store.state, ALICE, { epoch, version: 1, set });
    const read = async (prefix: string): Promise<Record<string, string>> =>
      texts((await store.state.read(ALICE, prefix))?.fields ?? new Map());
    expect(await read("h:a*")).toEqual({ "h:a*": "1" });
    expect(await read("h:ä")).toEqual({ "h:ä": "6" });
    expect(await read("h:")).toEqual({
      "h:a*": "1",
      "h:a?": "2",
      "h:aa": "3",
      "h:": "4",
      "h:ä": "6",
    });
  },
};
