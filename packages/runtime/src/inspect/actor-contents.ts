import { type StateStore, TroupeError } from "@troupe/core";
import {
  type ContentsPage,
  type ContentsRequest,
  packFields,
  type StoredActor,
  type StoredContents,
} from "@troupe/sdk";

/** Actors of one request. */
const ACTORS_MAX = 100;

/** Bytes of fields in one answer, which stays far below the limit of a message. */
const ANSWER_BYTES = 1024 * 1024;

/** Actors that are read at the same time. */
const READ_AT_ONCE = 10;

/**
 * The contents of the first of the actors, as many as fit into one answer; at least a part of the
 * first one. It only reads: an owner of the actors does not notice.
 */
export async function contentsOf(
  store: StateStore,
  { actors, offset }: ContentsRequest,
): Promise<ContentsPage> {
  if (actors.length > ACTORS_MAX) {
    const message = `actors are ${actors.length}; ask for at most ${ACTORS_MAX} at once`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  const given: StoredContents[] = [];
  let left = ANSWER_BYTES;
  for (let from = 0; from < actors.length && left > 0; from += READ_AT_ONCE) {
    const some = actors.slice(from, from + READ_AT_ONCE);
    // oxlint-disable-next-line no-await-in-loop -- more is read only if there is room for it.
    for (const contents of await Promise.all(some.map((one) => contentsFrom(store, one)))) {
      const isFirst = given.length === 0;
      if (!isFirst && contents.size > left) return { actors: given };
      const start = isFirst ? offset : 0;
      const fields = contents.fields.subarray(start, start + ANSWER_BYTES);
      given.push({ ...contents, fields });
      left -= Math.max(fields.length, 1);
    }
  }
  return { actors: given };
}

async function contentsFrom(store: StateStore, { type, id }: StoredActor): Promise<StoredContents> {
  const stored = await store.read({ type, id }, "");
  const fields = packFields(stored?.fields ?? new Map());
  const isThere = stored !== undefined && fields.length > 0;
  return {
    type,
    id,
    epoch: isThere ? stored.epoch : 0,
    version: stored?.version ?? 0,
    size: fields.length,
    fields,
  };
}
