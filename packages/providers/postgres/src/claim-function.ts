/** What a row of the answer to claims says. */
export const CLAIM_ROW = { refused: 0, claimed: 1, field: 2 } as const;

/**
 * The function that claims actors; `at` is the schema. It takes the claims of a batch, each of
 * another actor, as arrays of the same length, and is one transaction.
 *
 * CLM-1. The epoch of an actor only rises, and each granted claim raises it, above its floor as
 *     well (C2).
 * CLM-2. A claim is granted only for a revision higher than that of the last one, or for the same
 *     silo at the same revision. Not if it was sent before the last one: the network may hand on
 *     late what the silo has long given up, and it must not fence itself.
 * CLM-3. The rows of the actors are locked before anything of them is looked at, and the fields
 *     are read by a statement that begins after it. So a claim sees all fields of the last commit
 *     that was not fenced: one statement for all would see them as they were before it waited for
 *     the lock.
 * CLM-4. Rows are made, and locked, in the order of their names, here and in the function that
 *     commits. So no two transactions wait for each other.
 * CLM-5. Running twice raises the epoch twice, and does nothing else.
 *
 * An actor whose retirement is over is claimed like one that never was, except for the epoch. Its
 * row may be removed before it is locked; then it is made again.
 *
 * Answers one row for each claim (revision and silo of the last claim if it is refused, epoch and
 * version if it is granted), and one for each field of those that are granted.
 */
export function claimBody(at: string): string {
  return `
#variable_conflict use_column
DECLARE
  places integer[];
  actor_numbers bigint[];
  verdicts integer[];
BEGIN
  LOOP
    INSERT INTO ${at}.actors
        (type, id, epoch, version, claimed_version, revision, silo, store, claim_number)
      SELECT q.type, q.id, 0, 0, 0, 0, '', '', 0
      FROM unnest(types, ids) AS q(type, id)
      WHERE NOT EXISTS (SELECT FROM ${at}.actors a WHERE a.type = q.type AND a.id = q.id)
      ORDER BY q.type, q.id
      ON CONFLICT (type, id) DO NOTHING;

    SELECT array_agg(l.place), array_agg(l.actor), array_agg(l.verdict)
      INTO places, actor_numbers, verdicts
      FROM (
        SELECT q.place::integer AS place, a.actor, CASE
          WHEN a.epoch = 0 THEN 1
          WHEN a.retired_until <= clock_timestamp() THEN 2
          WHEN q.revision > a.revision THEN 1
          WHEN q.revision = a.revision AND q.silo = a.silo
            AND NOT (a.store = claimant AND q.number < a.claim_number) THEN 1
          ELSE 0
        END AS verdict
        FROM unnest(types, ids, revisions, silos, numbers)
          WITH ORDINALITY AS q(type, id, revision, silo, number, place)
        JOIN ${at}.actors a ON a.type = q.type AND a.id = q.id
        ORDER BY a.type, a.id
        FOR UPDATE OF a
      ) l;
    EXIT WHEN cardinality(places) = cardinality(types);
  END LOOP;

  UPDATE ${at}.actors a SET
      epoch = greatest(a.epoch, floors[l.place]) + 1,
      version = CASE WHEN l.verdict = 2 THEN 0 ELSE a.version END,
      claimed_version = CASE WHEN l.verdict = 2 THEN 0 ELSE a.version END,
      revision = revisions[l.place],
      silo = silos[l.place],
      store = claimant,
      claim_number = numbers[l.place],
      retired_until = NULL
    FROM unnest(places, actor_numbers, verdicts) AS l(place, actor, verdict)
    WHERE a.actor = l.actor AND l.verdict > 0;

  RETURN QUERY
    SELECT l.place, sign(l.verdict)::integer,
      CASE WHEN l.verdict > 0 THEN a.epoch ELSE a.revision END, a.version, a.silo, NULL::bytea
    FROM unnest(places, actor_numbers, verdicts) AS l(place, actor, verdict)
    JOIN ${at}.actors a ON a.actor = l.actor;

  RETURN QUERY
    SELECT l.place, ${CLAIM_ROW.field}, 0::bigint, 0::bigint, f.name, f.value
    FROM unnest(places, actor_numbers, verdicts) AS l(place, actor, verdict)
    JOIN ${at}.fields f ON f.actor = l.actor
    WHERE l.verdict > 0;
END`;
}

/** Its parameters: the claims, which store sent them, and what each epoch has to be higher than. */
export const CLAIM_PARAMETERS =
  "types bytea[], ids bytea[], revisions bigint[], silos bytea[], claimant text, " +
  "numbers bigint[], floors bigint[]";

export const CLAIM_ANSWER =
  "TABLE (place integer, kind integer, high bigint, low bigint, name bytea, value bytea)";
