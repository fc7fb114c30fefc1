import {
  NAME_MAX_BYTES,
  type ActorAddress,
  type ClaimResult,
  type CommitResult,
  type Fields,
  type StateStore,
} from "@troupe/core";
import { expect } from "vitest";
import { AWKWARD_ADDRESSES, AWKWARD_NAMES } from "./awkward-names.ts";
import { seededRandom } from "@troupe/testkit";
import type { StoreCaseGroups, StoreCases } from "./store-cases.ts";

type Claimed = Extract<ClaimResult, { kind: "claimed" }>;

const ALICE: ActorAddress = { type: "Account", id: "alice" };
const BOB: ActorAddress = { type: "Account", id: "bob" };

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

const HANDLES: StoreCases<StateStore> = {
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

const SIZES: StoreCases<StateStore> = {
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

/** What every `StateStore` must do, each promise by its name. */
export const STATE_STORE_CASES: StoreCaseGroups<StateStore> = {
  claims: CLAIMS,
  commits: COMMITS,
  fencing: FENCING,
  "several handles": HANDLES,
  "names and sizes": SIZES,
};

async function claim(
  store: StateStore,
  address: ActorAddress,
  revision: number,
  siloId = "silo",
): Promise<Claimed> {
  const result = await store.claim(address, { revision, siloId });
  if (result.kind !== "claimed")
    throw new Error(`the claim was refused: ${JSON.stringify(result)}`);
  return result;
}

interface Change {
  readonly epoch: number;
  readonly version: number;
  readonly set: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

function commit(store: StateStore, address: ActorAddress, change: Change): Promise<CommitResult> {
  const encoder = new TextEncoder();
  const { epoch, version, remove = [] } = change;
  const set = new Map(
    Object.entries(change.set).map(([name, text]) => [name, encoder.encode(text)]),
  );
  return store.commit(address, { epoch, version, set, remove });
}

function texts(fields: Fields): Record<string, string> {
  const decoder = new TextDecoder();
  return Object.fromEntries([...fields].map(([name, bytes]) => [name, decoder.decode(bytes)]));
}
