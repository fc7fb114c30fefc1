import { type DueEntry, formatAddress, type ReminderStore, TroupeError } from "@troupe/core";
import { pageSizeOf } from "./page-size.ts";

/** Entries that a page may have before it, since each page reads them again. */
const LOOK_MAX = 200_000;

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
 * A page of the due index, earliest first, and by actor and name where times are equal. The cursor
 * is the last entry before the page, so entries that come and go between two pages move no others.
 *
 * The index can only be read from its beginning, so a page costs as much as all that lies before
 * it. Throws `OVERLOADED` when that is too much.
 */
export async function duePage(
  { store, buckets, isListed }: DueQuery,
  { pageSize, cursor }: { readonly pageSize: number; readonly cursor: string },
): Promise<DuePage> {
  const size = pageSizeOf(pageSize);
  const isAfter = afterCursor(cursor);
  for (let limit = size + 1; limit <= LOOK_MAX; limit *= 4) {
    // oxlint-disable-next-line no-await-in-loop -- more is read only if this was not enough.
    const found = await store.due(buckets, Number.MAX_SAFE_INTEGER, limit);
    const isWhole = found.length < limit;
    // Of the last moment that was read, entries may be missing.
    const horizon = isWhole ? Number.POSITIVE_INFINITY : (found.at(-1)?.dueAt ?? 0);
    const after = found
      .filter((entry) => entry.dueAt < horizon && isListed(entry) && isAfter(entry))
      .toSorted(byMoment);
    if (!isWhole && after.length <= size) continue;
    const entries = after.slice(0, size);
    const last = entries.at(-1);
    return { entries, next: after.length > size && last !== undefined ? cursorOf(last) : "" };
  }
  throw new TroupeError(
    "OVERLOADED",
    `more than ${LOOK_MAX} entries lie before this page of the due index; ask for single actors`,
    { retryable: false },
  );
}

function byMoment(one: DueEntry, other: DueEntry): number {
  if (one.dueAt !== other.dueAt) return one.dueAt - other.dueAt;
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function keyOf({ address, name }: DueEntry): string {
  return JSON.stringify([formatAddress(address), name]);
}

function cursorOf(entry: DueEntry): string {
  return `${entry.dueAt} ${keyOf(entry)}`;
}

function afterCursor(cursor: string): (entry: DueEntry) => boolean {
  if (cursor === "") return () => true;
  const [, moment, key] = /^(\d+) (.+)$/s.exec(cursor) ?? [];
  if (moment === undefined || key === undefined)
    throw new TroupeError("BAD_CONFIG", "cursor is none that a page gave as next");
  const dueAt = Number(moment);
  return (entry) => entry.dueAt > dueAt || (entry.dueAt === dueAt && keyOf(entry) > key);
}
