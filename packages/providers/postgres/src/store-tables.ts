import { quoted } from "./schema-name.ts";

/** The format of the tables that this version reads and writes. */
export const TABLES_FORMAT = 1;

/**
 * The tables of a cluster.
 *
 * TBL-1. Types, ids, names and silos are bytes of UTF-8. So every string can be stored, whatever
 *     the encoding of the database, and all sort alike everywhere.
 * TBL-2. An actor has one row in `actors`, and one in `fields` for each field, which has the
 *     actor's number. An actor that was retired has no fields, and is forgotten after
 *     `retired_until`, by the clock of PostgreSQL; its row goes some time later.
 * TBL-3. `claimed_version` is the version that the last claim found. A commit of the same epoch
 *     whose version is above it and not above `version` has been made.
 * TBL-4. `due` is sorted as entries are read: by bucket, time, and the rest.
 *
 * They are part of the stored format. The tables have room left in their pages, so that a changed
 * row stays where it is and no index is written.
 */
export function tablesOf(schema: string): string {
  const at = quoted(schema);
  return `
CREATE TABLE ${at}.facts (name text PRIMARY KEY, value text NOT NULL);

CREATE TABLE ${at}.actors (
  actor bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type bytea NOT NULL,
  id bytea NOT NULL,
  epoch bigint NOT NULL,
  version bigint NOT NULL,
  claimed_version bigint NOT NULL,
  revision bigint NOT NULL,
  silo bytea NOT NULL,
  store text NOT NULL,
  claim_number bigint NOT NULL,
  retired_until timestamptz,
  UNIQUE (type, id)
) WITH (fillfactor = 75);

CREATE INDEX retired ON ${at}.actors (retired_until) WHERE retired_until IS NOT NULL;

CREATE TABLE ${at}.fields (
  actor bigint NOT NULL,
  name bytea NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (actor, name)
) WITH (fillfactor = 75);

CREATE TABLE ${at}.due (
  bucket integer NOT NULL,
  due_at double precision NOT NULL,
  type bytea NOT NULL,
  id bytea NOT NULL,
  name bytea NOT NULL,
  tag bytea NOT NULL,
  PRIMARY KEY (bucket, due_at, type, id, name, tag)
);

INSERT INTO ${at}.facts VALUES ('format', '${TABLES_FORMAT}');`;
}
