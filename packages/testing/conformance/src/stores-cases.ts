import { type ActorAddress, type DueEntry, sleep, systemClock } from "@troupe/core";
import { seededRandom } from "@troupe/testkit";
import { expect, vi } from "vitest";
import { AWKWARD_ADDRESSES } from "./awkward-names.ts";
import { ALICE, BOB, claim, commit, texts } from "./state-changes.ts";
import type { StoreCaseGroups, StoreCases } from "./store-cases.ts";
import type { Stores } from "./stores-suite.ts";

const NOON = Date.UTC(2026, 10, 22, 12);
const EVER = Number.MAX_SAFE_INTEGER;
const KEEP_MS = 60_000;

function entry(name: string, tag: string, address = ALICE): DueEntry {
  return { bucket: 3, address, name, dueAt: NOON, tag };
}

async function tagsOf({ reminders }: Stores): Promise<string[]> {
  return (await reminders.due([3], EVER, 1_000)).map(({ tag }) => tag).toSorted();
}

const DUE: StoreCases<Stores> = {
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
};

const READING: StoreCases<Stores> = {
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
};

const RANGES: StoreCases<Stores> = {
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
};

const RETIRING: StoreCases<Stores> = {
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
};

async function listAll(
  { state }: Stores,
  query: { readonly type?: string; readonly limit: number },
): Promise<ActorAddress[]> {
  const addresses: ActorAddress[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await state.list({ ...query, ...(after === undefined ? {} : { after }) });
    addresses.push(...page.addresses);
    after = page.next;
    if (after === undefined) return addresses;
  }
  throw new Error("the pages do not end");
}

function namesOf(addresses: readonly ActorAddress[]): string[] {
  return [...new Set(addresses.map(({ type, id }) => JSON.stringify([type, id])))].toSorted();
}

async function storeOne(stores: Stores, address: ActorAddress): Promise<void> {
  const { epoch, version } = await claim(stores.state, address, 1);
  await commit(stores.state, address, { epoch, version: version + 1, set: { "s:a": "1" } });
}

const LISTING: StoreCases<Stores> = {
  "lists every actor that has fields, whatever its name is": async ({ store: stores }) => {
    for (const address of AWKWARD_ADDRESSES) await storeOne(stores, address);
    expect(namesOf(await listAll(stores, { limit: 3 }))).toEqual(namesOf(AWKWARD_ADDRESSES));
  },

  "lists neither claims that stored nothing nor actors that retired": async ({ store: stores }) => {
    await claim(stores.state, ALICE, 1);
    const { epoch } = await claim(stores.state, BOB, 1);
    await commit(stores.state, BOB, { epoch, version: 1, set: { "s:a": "1" } });
    await stores.state.retire(BOB, { epoch, version: 2, keepMs: KEEP_MS });
    expect(await listAll(stores, { limit: 10 })).toEqual([]);
  },

  "lists those of one type": async ({ store: stores }) => {
    const types = ["Account", "Account*", "Acc", "Account2", "[Account]"];
    for (const type of types) await storeOne(stores, { type, id: "one" });
    for (const type of types) {
      expect(namesOf(await listAll(stores, { type, limit: 2 }))).toEqual([
        JSON.stringify([type, "one"]),
      ]);
    }
  },

  "gives those once at least that are there all the time, while others come and go": async ({
    store: stores,
  }) => {
    const random = seededRandom(7);
    const staying = Array.from({ length: 120 }, (_, n) => ({ type: "Stays", id: `id ${n}` }));
    for (const address of staying) await storeOne(stores, address);
    const seen: ActorAddress[] = [];
    let after: string | undefined;
    do {
      const page = await stores.state.list({
        limit: 10,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.addresses);
      after = page.next;
      await storeOne(stores, { type: "Comes", id: `id ${random.next()}` });
    } while (after !== undefined);
    expect(namesOf(seen.filter(({ type }) => type === "Stays"))).toEqual(namesOf(staying));
  },
};

/** What the stores of one storage must do together, each promise by its name. */
export const STORES_CASES: StoreCaseGroups<Stores> = {
  "entries of commits": DUE,
  "reading without a claim": READING,
  "ranges of fields": RANGES,
  retiring: RETIRING,
  listing: LISTING,
};
