/** What the answer says of a commit that is stored; any other number is the epoch that fences. */
export const STORED = -1;

/** The answer of one that was stored before, too. */
export const STORED_BEFORE = -2;

/** Instead of the time for which the epoch of a retired actor is kept. */
export const NOT_RETIRED = -1;

/**
 * The function that commits turns, and ends the stored lives of actors; `at` is the schema. It
 * takes the commits of a batch, each of another actor, as arrays, and is one transaction. What
 * belongs to a commit (fields, ranges, entries) stands in arrays of its own with the place of its
 * commit, counted from 1.
 *
 * CMT-1. The rows of the actors are locked, in the order of their names, before anything of them
 *     is looked at. So epoch and version stay as they were seen until the transaction ends.
 * CMT-2. A commit changes something only under the epoch of the last claim, and only if its version
 *     follows the stored one; all of its changes are made or none (D1, D2). One of the batch that
 *     is fenced changes nothing and takes no other along: each change asks whether its own commit
 *     is applied.
 * CMT-3. A commit that has been made under this epoch answers that it is stored, and changes
 *     nothing. So one whose answer was lost can be sent again.
 * CMT-4. Entries of the index are added and removed with the fields, in one transaction (D3).
 * CMT-5. A retired actor takes no commit until it is claimed again, and has no field.
 * CMT-6. An error, or the end of the connection, undoes the whole batch.
 *
 * Answers a number for each commit.
 */
export function commitBody(at: string): string {
  return `
DECLARE
  places integer[];
  actor_numbers bigint[];
  verdicts bigint[];
  answers bigint[] := array_fill(0::bigint, ARRAY[cardinality(types)]);
  applied bigint[] := array_fill(0::bigint, ARRAY[cardinality(types)]);
BEGIN
${judge(at)}
${addEntries(at)}
${changeFields(at)}
${endLives(at)}
${dropEntries(at)}
  RETURN answers;
END`;
}

/** Its parameters, in the order in which `commit-batch.ts` gives them. */
export const COMMIT_PARAMETERS = `
  types bytea[], ids bytea[], epochs bigint[], versions bigint[], keeps bigint[],
  set_places integer[], set_names bytea[], set_values bytea[],
  remove_places integer[], remove_names bytea[],
  range_places integer[], range_starts bytea[], range_ends bytea[],
  add_places integer[], add_buckets integer[], add_times double precision[],
  add_types bytea[], add_ids bytea[], add_names bytea[], add_tags bytea[],
  drop_places integer[], drop_buckets integer[], drop_times double precision[],
  drop_types bytea[], drop_ids bytea[], drop_names bytea[], drop_tags bytea[]`;

export const COMMIT_ANSWER = "bigint[]";

/** Locks the rows, decides on each commit, and raises the versions of those that are applied. */
function judge(at: string): string {
  return `
  SELECT array_agg(l.place), array_agg(l.actor), array_agg(l.verdict)
    INTO places, actor_numbers, verdicts
    FROM (
      SELECT q.place::integer AS place, a.actor, CASE
        WHEN a.retired_until <= clock_timestamp() THEN 0
        WHEN a.epoch <> q.epoch THEN a.epoch
        WHEN a.retired_until IS NULL AND a.version + 1 = q.version THEN ${STORED}
        WHEN a.retired_until IS NULL AND q.keep < 0
          AND q.version > a.claimed_version AND q.version <= a.version THEN ${STORED_BEFORE}
        WHEN a.retired_until IS NOT NULL AND q.keep >= 0
          AND q.version = a.version THEN ${STORED_BEFORE}
        ELSE a.epoch
      END AS verdict
      FROM unnest(types, ids, epochs, versions, keeps)
        WITH ORDINALITY AS q(type, id, epoch, version, keep, place)
      JOIN ${at}.actors a ON a.type = q.type AND a.id = q.id
      ORDER BY a.type, a.id
      FOR UPDATE OF a
    ) l;

  FOR i IN 1 .. coalesce(cardinality(places), 0) LOOP
    answers[places[i]] := verdicts[i];
    IF verdicts[i] = ${STORED} THEN applied[places[i]] := actor_numbers[i]; END IF;
  END LOOP;

  UPDATE ${at}.actors a SET
      version = a.version + 1,
      retired_until = CASE
        WHEN q.keep >= 0 THEN clock_timestamp() + q.keep * interval '1 millisecond'
      END
    FROM unnest(applied, keeps) AS q(actor, keep)
    WHERE a.actor = q.actor;`;
}

function addEntries(at: string): string {
  return `
  IF cardinality(add_places) > 0 THEN
    INSERT INTO ${at}.due (bucket, due_at, type, id, name, tag)
      SELECT e.bucket, e.due_at, e.type, e.id, e.name, e.tag
      FROM unnest(add_places, add_buckets, add_times, add_types, add_ids, add_names, add_tags)
        AS e(place, bucket, due_at, type, id, name, tag)
      WHERE applied[e.place] <> 0
      ORDER BY 1, 2, 3, 4, 5, 6
      ON CONFLICT DO NOTHING;
  END IF;`;
}

/** Ranges go before fields are set, so a field that the same commit sets stays. */
function changeFields(at: string): string {
  return `
  IF cardinality(remove_places) > 0 THEN
    DELETE FROM ${at}.fields f
      USING unnest(remove_places, remove_names) AS r(place, name)
      WHERE f.actor = applied[r.place] AND f.name = r.name;
  END IF;

  IF cardinality(range_places) > 0 THEN
    DELETE FROM ${at}.fields f
      USING unnest(range_places, range_starts, range_ends) AS r(place, first, beyond)
      WHERE f.actor = applied[r.place] AND f.name >= r.first AND f.name < r.beyond;
  END IF;

  IF cardinality(set_places) > 0 THEN
    INSERT INTO ${at}.fields (actor, name, value)
      SELECT applied[s.place], s.name, s.value
      FROM unnest(set_places, set_names, set_values) AS s(place, name, value)
      WHERE applied[s.place] <> 0
      ON CONFLICT (actor, name) DO UPDATE SET value = EXCLUDED.value;
  END IF;`;
}

/** Besides the fields of who is retired now, a few rows go whose retirement is over. */
function endLives(at: string): string {
  return `
  IF 0 <= ANY (keeps) THEN
    DELETE FROM ${at}.fields f
      USING unnest(applied, keeps) AS q(actor, keep)
      WHERE f.actor = q.actor AND q.keep >= 0;
    DELETE FROM ${at}.actors a
      USING (
        SELECT r.actor FROM ${at}.actors r
        WHERE r.retired_until <= clock_timestamp()
        ORDER BY r.retired_until
        LIMIT 2 * cardinality(keeps)
        FOR UPDATE SKIP LOCKED
      ) AS over
      WHERE a.actor = over.actor;
  END IF;`;
}

function dropEntries(at: string): string {
  return `
  IF cardinality(drop_places) > 0 THEN
    DELETE FROM ${at}.due d
      USING (
        SELECT *
        FROM unnest(drop_places, drop_buckets, drop_times, drop_types, drop_ids, drop_names, drop_tags)
          AS e(place, bucket, due_at, type, id, name, tag)
        ORDER BY 2, 3, 4, 5, 6, 7
      ) AS e
      WHERE applied[e.place] <> 0 AND d.bucket = e.bucket AND d.due_at = e.due_at
        AND d.type = e.type AND d.id = e.id AND d.name = e.name AND d.tag = e.tag;
  END IF;`;
}
