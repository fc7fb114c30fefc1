import type { ActorAddress, DueEntry, ListPage } from "@troupe/core";
import { ALICE, claim, commit } from "./state-changes.ts";
import type { Stores } from "./stores-suite.ts";

const NOON = Date.UTC(2026, 10, 22, 12);

/** Later than every time of a case. */
export const EVER = Number.MAX_SAFE_INTEGER;

/** Longer than a case takes. */
export const KEEP_MS = 60_000;

const BUCKET = 3;

export function entry(name: string, tag: string, address = ALICE): DueEntry {
  return { bucket: BUCKET, address, name, dueAt: NOON, tag };
}

/** The tags of all entries that `entry` made. */
export async function tagsOf({ reminders }: Stores): Promise<string[]> {
  return (await reminders.due([BUCKET], EVER, 1_000)).map(({ tag }) => tag).toSorted();
}

/** Each address once, in an order to compare. */
export function namesOf(addresses: readonly ActorAddress[]): string[] {
  return [...new Set(addresses.map(({ type, id }) => JSON.stringify([type, id])))].toSorted();
}

export async function storeOne(stores: Stores, address: ActorAddress): Promise<void> {
  const { epoch, version } = await claim(stores.state, address, 1);
  await commit(stores.state, address, { epoch, version: version + 1, set: { "s:a": "1" } });
}

export interface Listing {
  readonly type?: string;
  readonly prefix?: string;
  readonly limit: number;
}

/** All pages, one after the other; `onPage` is waited for in between. */
export async function pagesOf(
  { state }: Stores,
  query: Listing,
  onPage: (page: ListPage) => Promise<void> = async () => undefined,
): Promise<ListPage[]> {
  const pages: ListPage[] = [];
  let after: string | undefined;
  do {
    const page = await state.list({ ...query, ...(after === undefined ? {} : { after }) });
    pages.push(page);
    if (pages.length > 1_000) throw new Error("the pages do not end");
    await onPage(page);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

export async function listAll(stores: Stores, query: Listing): Promise<ActorAddress[]> {
  return (await pagesOf(stores, query)).flatMap(({ addresses }) => addresses);
}
