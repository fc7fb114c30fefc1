import type { DueEntry, ReminderStore } from "@troupe/core";
import { numbersArray } from "./binary-array.ts";
import { dueColumns, parseDueRow } from "./due-columns.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import { quoted } from "./schema-name.ts";

/**
 * Entries that are asked of each bucket first. Buckets are filled evenly, so a few more than its
 * share are enough for most.
 */
const FIRST_SHARE_MIN = 4;

/** A bucket that had more is asked again for this many times as many. */
const SHARE_GROWTH = 8;

/** What is asked of each bucket. */
interface Look {
  readonly until: number;
  readonly count: number;
  readonly after: DueEntry | undefined;
}

/**
 * The index of due times in PostgreSQL, a table that is sorted by bucket and time.
 *
 * `due` asks all buckets in one statement for a share of the limit each, and again only those whose
 * share was too small to know the earliest entries of all.
 */
export class PostgresReminderStore implements ReminderStore {
  readonly #connection: PostgresConnection;
  readonly #at: string;

  /** Takes a connection of its own. */
  constructor(connection: PostgresConnection, schema: string) {
    this.#connection = connection;
    this.#at = quoted(schema);
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#connection.run({
      name: "add",
      // In the order in which commits add theirs, so that no two transactions wait for each other.
      text: `
INSERT INTO ${this.#at}.due (bucket, due_at, type, id, name, tag)
SELECT * FROM ${ENTRIES} AS e ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO NOTHING`,
      values: dueColumns(entries),
    });
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#connection.run({
      name: "remove",
      text: `
DELETE FROM ${this.#at}.due d
USING (SELECT * FROM ${ENTRIES} AS e(bucket, due_at, type, id, name, tag)
  ORDER BY 1, 2, 3, 4, 5, 6) AS e
WHERE d.bucket = e.bucket AND d.due_at = e.due_at
  AND d.type = e.type AND d.id = e.id AND d.name = e.name AND d.tag = e.tag`,
      values: dueColumns(entries),
    });
  }

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    if (limit <= 0 || buckets.length === 0) return [];
    const shares = new Map<number, readonly DueEntry[]>();
    // In this order entries of one time stand one after the other.
    let unsure = [...new Set(buckets)].toSorted((a, b) => a - b);
    let count = Math.min(limit, Math.max(FIRST_SHARE_MIN, Math.ceil((2 * limit) / unsure.length)));
    for (;;) {
      for (const [bucket, share] of await this.#earliest(unsure, { until, count, after }))
        shares.set(bucket, share);
      const earliest = [...shares.entries()]
        .toSorted(([one], [other]) => one - other)
        .flatMap(([, share]) => share)
        // The sort is stable.
        .toSorted((one, other) => one.dueAt - other.dueAt)
        .slice(0, limit);
      const last = earliest.length < limit ? undefined : earliest.at(-1);
      const asked = count;
      unsure = unsure.filter(
        (bucket) => asked < limit && mayHaveMore(shares.get(bucket) ?? [], asked, last),
      );
      if (unsure.length === 0) return earliest;
      count = Math.min(limit, count * SHARE_GROWTH);
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Of each bucket the earliest `count` entries that are due, in one round trip. */
  async #earliest(
    buckets: readonly number[],
    { until, count, after }: Look,
  ): Promise<Map<number, readonly DueEntry[]>> {
    const names = [after?.address.type, after?.address.id, after?.name, after?.tag];
    const rows = await this.#connection.run({
      name: "due",
      text: this.#dueStatement(),
      values: [
        numbersArray(buckets),
        until,
        count,
        String(after?.dueAt ?? "-Infinity"),
        after?.bucket ?? 0,
        ...names.map((name) => Buffer.from(name ?? "")),
      ],
    });
    const entries = Map.groupBy(rows.map(parseDueRow), ({ bucket }) => bucket);
    return new Map(buckets.map((bucket) => [bucket, entries.get(bucket) ?? []]));
  }

  /**
   * Where a bucket starts depends on whether the last entry of the page before stands in it, before
   * it or behind it. A type is never empty, and no type starts with the byte ff: so those two stand
   * before and behind all entries of one time.
   */
  #dueStatement(): string {
    return `
SELECT b.bucket, d.due_at, d.type, d.id, d.name, d.tag
FROM unnest($1::integer[]) AS b(bucket)
CROSS JOIN LATERAL (
  SELECT * FROM ${this.#at}.due e
  WHERE e.bucket = b.bucket AND e.due_at <= $2::double precision
    AND (e.due_at, e.type, e.id, e.name, e.tag) > ($4::double precision,
      CASE WHEN b.bucket > $5::integer THEN ''::bytea
        WHEN b.bucket < $5 THEN '\\xff'::bytea ELSE $6::bytea END,
      $7::bytea, $8::bytea, $9::bytea)
  ORDER BY e.due_at, e.type, e.id, e.name, e.tag
  LIMIT $3::bigint
) AS d
ORDER BY b.bucket, d.due_at, d.type, d.id, d.name, d.tag`;
  }
}

/** The columns of entries, as `dueColumns` gives them. */
const ENTRIES =
  "unnest($1::integer[], $2::double precision[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])";

/**
 * True if a bucket that was asked for `count` entries may have more before the last one that is
 * wanted, or anywhere if there is none.
 */
function mayHaveMore(
  share: readonly DueEntry[],
  count: number,
  last: DueEntry | undefined,
): boolean {
  const own = share.at(-1);
  if (share.length < count || own === undefined) return false;
  if (last === undefined) return true;
  return own.dueAt < last.dueAt || (own.dueAt === last.dueAt && own.bucket < last.bucket);
}
