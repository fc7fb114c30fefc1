import type { ActorAddress } from "@troupe/core";
import { seededRandom } from "@troupe/testkit";
import { expect } from "vitest";
import { AWKWARD_ADDRESSES } from "./awkward-names.ts";
import { ALICE, BOB, claim, commit } from "./state-changes.ts";
import type { StoreCases } from "./store-cases.ts";
import { KEEP_MS, type Listing, listAll, namesOf, pagesOf, storeOne } from "./stores-fixture.ts";
import type { Stores } from "./stores-suite.ts";

function addressesOf(type: string, ids: readonly string[]): ActorAddress[] {
  return ids.map((id) => ({ type, id }));
}

/** Which actors are stored, in pages. */
export const LISTING: StoreCases<Stores> = {
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

  "lists those whose ids begin so, of one type or of all": async ({ store: stores }) => {
    const ids = ["a", "ab", "a*b", "a{b", "a%", "b", "A"];
    for (const type of ["One", "Two"]) for (const id of ids) await storeOne(stores, { type, id });
    const found = async (query: Listing): Promise<string[]> =>
      namesOf(await listAll(stores, query));
    expect(await found({ type: "One", prefix: "a", limit: 2 })).toEqual(
      namesOf(addressesOf("One", ["a", "ab", "a*b", "a{b", "a%"])),
    );
    expect(await found({ prefix: "a*", limit: 2 })).toEqual(
      namesOf([...addressesOf("One", ["a*b"]), ...addressesOf("Two", ["a*b"])]),
    );
    expect(await found({ type: "Two", prefix: "a{", limit: 2 })).toEqual(
      namesOf(addressesOf("Two", ["a{b"])),
    );
    expect(await found({ type: "Three", prefix: "a", limit: 2 })).toEqual([]);
  },

  "keeps its pages near the limit": async ({ store: stores }) => {
    for (let n = 0; n < 150; n++) await storeOne(stores, { type: "Account", id: `id ${n}` });
    const pages = await pagesOf(stores, { limit: 20 });
    for (const { addresses } of pages) expect(addresses.length).toBeLessThanOrEqual(60);
    expect(pages.length).toBeGreaterThan(2);
  },

  "gives those once at least that are there all the time, while others come and go": async ({
    store: stores,
  }) => {
    const random = seededRandom(7);
    const all = Array.from({ length: 200 }, (_, n) => ({
      type: n % 2 === 0 ? "Goes" : "Stays",
      id: `id ${n}`,
    }));
    for (const address of all) await storeOne(stores, address);
    const going = all.filter(({ type }) => type === "Goes");
    const pages = await pagesOf(stores, { limit: 10 }, async () => {
      await storeOne(stores, { type: "Comes", id: `id ${random.next()}` });
      for (const address of going.splice(0, 12)) {
        const { epoch, version } = await claim(stores.state, address, 1);
        await stores.state.retire(address, { epoch, version: version + 1, keepMs: 1 });
      }
    });
    const seen = pages.flatMap(({ addresses }) => addresses);
    expect(namesOf(seen.filter(({ type }) => type === "Stays"))).toEqual(
      namesOf(all.filter(({ type }) => type === "Stays")),
    );
  },
};
