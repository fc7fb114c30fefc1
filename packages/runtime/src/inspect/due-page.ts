import { type DueEntry, type ReminderStore, TroupeError } from "@troupe/core";
import { pageSizeOf } from "./page-size.ts";

/** Entries that are read at once at least: of those that are not listed there may be many. */
const READ_MIN = 256;

export interface DueQuery {
  readonly store: ReminderStore;
  readonly buckets: readonly number[];
  /** Says which entries are listed. */
  readonly isListed: (entry: DueEntry) => boolean;
}

export interface DuePage {
  readonly entries: readonly DueEntry[];
  readonly next: string;
}

/**
 * A page of the due index, earliest first. The cursor is the last entry before the page, so entries
 * that come and go between two pages move no others.
 */
export async function duePage(
  { store, buckets, isListed }: DueQuery,
  { pageSize, cursor }: { readonly pageSize: number; readonly cursor: string },
): Promise<DuePage> {
  const size = pageSizeOf(pageSize);
  const limit = Math.max(size + 1, READ_MIN);
  const listed: DueEntry[] = [];
  let after = entryOf(cursor);
  // One more than the page has says whether another page follows.
  while (listed.length <= size) {
    // oxlint-disable-next-line no-await-in-loop -- more is read only if this was not enough.
    const found = await store.due(buckets, Number.MAX_SAFE_INTEGER, limit, after);
    listed.push(...found.filter((entry) => isListed(entry)));
    after = found.at(-1);
    if (found.length < limit) break;
  }
  const entries = listed.slice(0, size);
  const last = entries.at(-1);
  return { entries, next: listed.length > size && last !== undefined ? cursorOf(last) : "" };
}

function cursorOf({ bucket, address: { type, id }, name, dueAt, tag }: DueEntry): string {
  return JSON.stringify([bucket, type, id, name, dueAt, tag]);
}

function entryOf(cursor: string): DueEntry | undefined {
  if (cursor === "") return undefined;
  try {
    const [bucket, type, id, name, dueAt, tag] = JSON.parse(cursor) as readonly unknown[];
    return {
      bucket: Number(bucket),
      address: { type: String(type), id: String(id) },
      name: String(name),
      dueAt: Number(dueAt),
      tag: String(tag),
    };
  } catch (cause) {
    throw new TroupeError("BAD_CONFIG", "cursor is none that a page gave as next", { cause });
  }
}
