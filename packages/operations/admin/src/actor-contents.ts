import { type ActorAddress, type Fields, formatAddress, TroupeError } from "@troupe/core";
import { type StoredContents, unpackFields } from "@troupe/sdk";

/** What is stored of one actor, as it was at one moment. */
export interface ActorContents extends ActorAddress {
  readonly epoch: number;
  /** Number of the last commit. */
  readonly version: number;
  readonly fields: Fields;
}

/** Asks a silo for contents: of the first of the actors, from an offset on. */
export type AskContents = (
  actors: readonly ActorAddress[],
  offset: number,
) => Promise<readonly StoredContents[]>;

/** Actors that one question names: as many as a silo takes. */
const ASKED_AT_ONCE = 100;

/** How often reading a large actor is begun again because it has changed meanwhile. */
const BEGUN_MAX = 100;

/** The contents of each of the actors of which anything is stored. */
export async function* readContents(
  actors: readonly ActorAddress[],
  ask: AskContents,
): AsyncGenerator<ActorContents, void, undefined> {
  let left = actors;
  while (left.length > 0) {
    // oxlint-disable-next-line no-await-in-loop -- an answer says how many actors it has.
    const answered = await ask(left.slice(0, ASKED_AT_ONCE), 0);
    if (answered.length === 0)
      throw new TroupeError("INTERNAL", "a silo gave nothing of the actors it was asked for");
    for (const first of answered) {
      // oxlint-disable-next-line no-await-in-loop -- one large actor at a time is in memory.
      const whole = first.fields.length < first.size ? await readLarge(first, ask) : first;
      const { type, id, epoch, version, fields } = whole;
      if (fields.length > 0) yield { type, id, epoch, version, fields: unpackFields(fields) };
    }
    left = left.slice(answered.length);
  }
}

/** All slices of one moment: if the actor changes, it is read from the beginning again. */
async function readLarge(first: StoredContents, ask: AskContents): Promise<StoredContents> {
  let begun: StoredContents | undefined = first;
  for (let count = 1; begun !== undefined && count <= BEGUN_MAX; count++) {
    // oxlint-disable-next-line no-await-in-loop -- it is begun again only if it has changed.
    const fields = await readSlices(begun, ask);
    if (fields !== undefined) return { ...begun, fields };
    // oxlint-disable-next-line no-await-in-loop -- see above.
    [begun] = await ask([first], 0);
  }
  const message = `${formatAddress(first)} changes faster than it can be read; export when it has less to do`;
  throw new TroupeError("STORE_UNAVAILABLE", message);
}

/** Undefined if the actor has changed since its first slice. */
async function readSlices(
  first: StoredContents,
  ask: AskContents,
): Promise<Uint8Array | undefined> {
  const slices = [first.fields];
  for (let length = first.fields.length; length < first.size;) {
    // oxlint-disable-next-line no-await-in-loop -- one slice after the other.
    const [next] = await ask([first], length);
    const isSame = next?.version === first.version && next.epoch === first.epoch;
    if (next === undefined || !isSame || next.fields.length === 0) return undefined;
    slices.push(next.fields);
    length += next.fields.length;
  }
  return Buffer.concat(slices);
}
