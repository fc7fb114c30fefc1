import { NAME_MAX_BYTES, type StateStore } from "@troupe/core";
import { seededRandom } from "@troupe/testkit";
import { expect } from "vitest";
import { AWKWARD_ADDRESSES, AWKWARD_NAMES } from "./awkward-names.ts";
import { ALICE, claim, commit, texts } from "./state-changes.ts";
import type { StoreCases } from "./store-cases.ts";

/** Names and sizes of what is stored. */
export const SIZES: StoreCases<StateStore> = {
  "keeps actors with awkward ids and types apart": async ({ subject, store }) => {
    await Promise.all(
      AWKWARD_ADDRESSES.map(async (address, index) => {
        const { epoch } = await claim(store, address, index + 1, `silo ${index}`);
        expect(
          await commit(store, address, { epoch, version: 1, set: { index: String(index) } }),
        ).toEqual({ kind: "stored" });
      }),
    );
    const other = await subject.openHandle();
    for (const [index, address] of AWKWARD_ADDRESSES.entries()) {
      const claimed = await claim(other, address, index + 1, `silo ${index}`);
      expect([address, claimed.version, texts(claimed.fields)]).toEqual([
        address,
        1,
        { index: String(index) },
      ]);
    }
  },

  "keeps awkward field names apart, on the longest address": async ({ store }) => {
    const address = AWKWARD_ADDRESSES.at(-1) ?? ALICE;
    const names = [
      ...AWKWARD_NAMES,
      ...AWKWARD_NAMES.map((name) => `r:${name}`),
      "s:".padEnd(NAME_MAX_BYTES + 2, "z"),
    ];
    const { epoch } = await claim(store, address, 1);
    const set = Object.fromEntries(names.map((name, index) => [`x${name}`, String(index)]));
    await commit(store, address, { epoch, version: 1, set });
    expect(texts((await claim(store, address, 1)).fields)).toEqual(set);
    await commit(store, address, {
      epoch: (await claim(store, address, 1)).epoch,
      version: 2,
      set: {},
      remove: Object.keys(set).slice(1),
    });
    expect(texts((await claim(store, address, 1)).fields)).toEqual(
      Object.fromEntries(Object.entries(set).slice(0, 1)),
    );
  },

  "keeps field names that a script or a prototype might take for its own": async ({ store }) => {
    const { epoch } = await claim(store, ALICE, 1);
    const set = new Map(AWKWARD_NAMES.map((name, index) => [name, new Uint8Array([index])]));
    await store.commit(ALICE, { epoch, version: 1, set, remove: [] });
    const claimed = await claim(store, ALICE, 1);
    expect(new Map([...claimed.fields].map(([name, bytes]) => [name, [...bytes]]))).toEqual(
      new Map(AWKWARD_NAMES.map((name, index) => [name, [index]])),
    );
  },

  "keeps every byte of a value of 4 MiB, and of all 256 bytes": async ({ store }) => {
    const random = seededRandom(4);
    const large = Uint8Array.from({ length: 4 * 1024 * 1024 }, () =>
      Math.floor(random.next() * 256),
    );
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { epoch } = await claim(store, ALICE, 1);
    const set = new Map([
      ["large", large],
      ["every", every],
      ["none", new Uint8Array()],
    ]);
    expect(await store.commit(ALICE, { epoch, version: 1, set, remove: [] })).toEqual({
      kind: "stored",
    });
    const { fields } = await claim(store, ALICE, 1);
    expect(fields.size).toBe(3);
    expect(Buffer.compare(fields.get("large") ?? new Uint8Array(), large)).toBe(0);
    expect(Buffer.compare(fields.get("every") ?? new Uint8Array(), every)).toBe(0);
    expect(fields.get("none")?.byteLength).toBe(0);
  },

  "stores and removes thousands of fields in one commit": async ({ store }) => {
    const set = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, index) => [`field ${index}`, `value ${index}`]),
    );
    const { epoch } = await claim(store, ALICE, 1);
    expect(await commit(store, ALICE, { epoch, version: 1, set })).toEqual({ kind: "stored" });
    expect(texts((await claim(store, ALICE, 1)).fields)).toEqual(set);
    const again = await claim(store, ALICE, 1);
    expect(
      await commit(store, ALICE, {
        epoch: again.epoch,
        version: 2,
        set: {},
        remove: Object.keys(set),
      }),
    ).toEqual({
      kind: "stored",
    });
    expect((await claim(store, ALICE, 1)).fields.size).toBe(0);
  },
};

/** Several processes at once. */
export const HANDLES: StoreCases<StateStore> = {
  "shows every handle what another one stored, and fences across handles": async ({
    subject,
    store,
  }) => {
    const other = await subject.openHandle();
    const first = await claim(store, ALICE, 1, "a");
    await commit(store, ALICE, { epoch: first.epoch, version: 1, set: { a: "1" } });
    const second = await claim(other, ALICE, 2, "b");
    expect(texts(second.fields)).toEqual({ a: "1" });
    expect(
      (await commit(store, ALICE, { epoch: first.epoch, version: 2, set: { a: "2" } })).kind,
    ).toBe("fenced");
  },

  "keeps what was stored when all handles close": async ({ subject, store }) => {
    const first = await claim(store, ALICE, 3, "a");
    await commit(store, ALICE, { epoch: first.epoch, version: 1, set: { a: "1" } });
    await store.close();
    const reopened = await subject.openHandle();
    expect((await reopened.claim(ALICE, { revision: 2, siloId: "b" })).kind).toBe("refused");
    const second = await claim(reopened, ALICE, 3, "a");
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(second.version).toBe(1);
    expect(texts(second.fields)).toEqual({ a: "1" });
  },

  "grants one revision to one of two silos that claim it at once": async ({ subject, store }) => {
    const other = await subject.openHandle();
    for (let revision = 1; revision <= 20; revision++) {
      const claims = [store, other, store, other].map((handle, index) =>
        handle.claim(ALICE, { revision, siloId: index % 2 === 0 ? "a" : "b" }),
      );
      const results = await Promise.all(claims);
      const winners = new Set(
        results.flatMap((result, index) => (result.kind === "claimed" ? [index % 2] : [])),
      );
      expect(winners.size).toBe(1);
      const epochs = results.flatMap((result) => (result.kind === "claimed" ? [result.epoch] : []));
      expect(new Set(epochs).size).toBe(epochs.length);
    }
  },

  "loses no acknowledged increment while two silos take the actor from each other": async ({
    subject,
    store,
  }) => {
    const other = await subject.openHandle();
    const random = seededRandom(7);
    let revision = 0;
    let acknowledged = 0;
    const work = async (handle: StateStore, siloId: string): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        const claimed = await handle.claim(ALICE, { revision: ++revision, siloId });
        if (claimed.kind !== "claimed") continue;
        let count = Number(texts(claimed.fields).count ?? "0");
        let { version } = claimed;
        for (let turns = Math.floor(random.next() * 4); turns > 0; turns--) {
          const result = await commit(handle, ALICE, {
            epoch: claimed.epoch,
            version: ++version,
            set: { count: String(++count) },
          });
          if (result.kind === "fenced") break;
          acknowledged++;
        }
      }
    };
    await Promise.all([work(store, "a"), work(other, "b")]);
    const final = await claim(store, ALICE, ++revision, "a");
    expect(Number(texts(final.fields).count ?? "0")).toBe(acknowledged);
    expect(final.version).toBe(acknowledged);
  },
};
