import { type Fields, packField, unpackField } from "@troupe/core";
import { type DurablePart, type PartKey, partKey, type PartState } from "@troupe/sdk";

/** The field of an imported actor that says of which export it is. */
const FIELD = "k:import";

/** What is noted of the import of an actor. */
export interface ImportMark {
  readonly exportId: string;
  /**
   * Durable sends of the actor are numbered above this. A receiver that was exported later than the
   * actor may have seen higher numbers of it than the actor knows of, and would take further sends
   * for repetitions (D7).
   */
  readonly sendsAbove: number;
}

/** Does nothing: the mark is written and read beside activations. */
const MARKED: PartState = {
  load() {},
  collect: () => [],
  adopt() {},
  rollback() {},
};

const IMPORT_MARK: PartKey<PartState> = partKey("import mark");

/**
 * What tells an actor that an import has stored from one that was there before it. So an import
 * that was cut off can be run again, also when actors have changed since. It goes with the actor.
 */
export const importMarkPart: DurablePart = {
  key: IMPORT_MARK,
  prefixes: [FIELD.slice(0, 2)],
  create: () => MARKED,
};

/** The fields together with a mark, in place of one that they have. */
export function withMark(fields: Fields, mark: ImportMark): Fields {
  return new Map([...fields, [FIELD, packField(mark)]]);
}

/** The fields without a mark: what tells whether two actors are the same. */
export function withoutMark(fields: Fields): Fields {
  return fields.has(FIELD) ? new Map([...fields].filter(([name]) => name !== FIELD)) : fields;
}

/** What is noted of the import of the actor; undefined if it was not imported. */
export function markOf(fields: Fields): ImportMark | undefined {
  const mark = fields.get(FIELD);
  return mark && (unpackField(mark) as ImportMark);
}

/** True if the actor was imported. */
export function isMarked(fields: Fields): boolean {
  return fields.has(FIELD);
}
