import type { ListPage, ListQuery } from "@troupe/core";
import { parseBytes } from "./binary-array.ts";
import { textOf } from "./due-columns.ts";
import type { PostgresConnection, Row } from "./postgres-connection.ts";
import { quoted } from "./schema-name.ts";

/** Actors that one page looks at, for few may be wanted. */
const LOOKED_AT_MIN = 256;

/** Pages of one call, when none before found anything. */
const STEPS_MAX = 10;

/** No text of UTF-8 starts so, and so none stands behind it. */
const BEYOND = Buffer.from([0xff]);

/** The first place that a page looks at. */
interface Place {
  readonly type: Buffer;
  readonly id: Buffer;
}

/**
 * The actors that have fields, by type and id. The cursor is the last actor that was looked at. The
 * cost of a page does not grow with what is stored.
 */
export async function pageOfActors(
  connection: PostgresConnection,
  schema: string,
  query: ListQuery,
): Promise<ListPage> {
  let after = query.after;
  for (let steps = 1; ; steps++) {
    const page = await stepOf(connection, schema, { ...query, ...(after && { after }) });
    if (page.addresses.length > 0 || page.next === undefined || steps === STEPS_MAX) return page;
    after = page.next;
  }
}

async function stepOf(
  connection: PostgresConnection,
  schema: string,
  query: ListQuery,
): Promise<ListPage> {
  const limit = Math.max(1, Math.floor(query.limit));
  const lookedAt = Math.max(limit, LOOKED_AT_MIN);
  const prefix = Buffer.from(query.prefix ?? "");
  const start = startOf(query, prefix);
  // Of one type, the ids that start so stand together.
  const end =
    query.type === undefined
      ? { type: BEYOND, id: BEYOND }
      : { type: Buffer.from(query.type), id: Buffer.concat([prefix, BEYOND]) };
  const rows = await connection.run({
    name: "list",
    text: statementAt(quoted(schema)),
    values: [start.type, start.id, end.type, end.id, lookedAt, prefix, limit],
  });
  const wanted = rows.filter(([, , isWanted]) => isWanted === "t");
  const last = rows.find(([, , isWanted]) => isWanted === "f");
  const next = wanted.length === limit ? wanted.at(-1) : last;
  return {
    addresses: wanted.map(([type, id]) => ({ type: textOf(type), id: textOf(id) })),
    next: next && cursorOf(next),
  };
}

/** The actors of a page that are wanted, and the last that was looked at if there may be more. */
function statementAt(at: string): string {
  return `
WITH page AS MATERIALIZED (
  SELECT actor, type, id FROM ${at}.actors
  WHERE (type, id) >= ($1::bytea, $2::bytea) AND (type, id) < ($3::bytea, $4::bytea)
  ORDER BY type, id LIMIT $5::integer
)
SELECT * FROM (
  SELECT type, id, true AS wanted FROM page
  WHERE substring(id from 1 for length($6::bytea)) = $6
    AND EXISTS (SELECT FROM ${at}.fields f WHERE f.actor = page.actor)
  ORDER BY type, id LIMIT $7::integer
) AS found
UNION ALL
SELECT * FROM (
  SELECT type, id, false FROM page ORDER BY type, id OFFSET $5 - 1 LIMIT 1
) AS last
ORDER BY 1, 2`;
}

function startOf({ type = "", after }: ListQuery, prefix: Buffer): Place {
  if (after === undefined)
    return { type: Buffer.from(type), id: type === "" ? Buffer.alloc(0) : prefix };
  const [afterType = "", afterId = ""] = after.split(".");
  // Nothing stands between an id and the same with a zero behind it.
  const id = Buffer.concat([Buffer.from(afterId, "base64url"), Buffer.alloc(1)]);
  return { type: Buffer.from(afterType, "base64url"), id };
}

function cursorOf([type, id]: Row): string {
  return [type, id].map((part) => parseBytes(part ?? "").toString("base64url")).join(".");
}
