import { packField, unpackField } from "@troupe/core";
import { type DurablePart, type PartKey, partKey, type PartState } from "@troupe/sdk";

/** The field of an imported actor that says of which export it is. */
const FIELD = "b:import";

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

/** The fields together with the mark of an export. */
export function withMark(
  fields: ReadonlyMap<string, Uint8Array>,
  exportId: string,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...fields, [FIELD, packField(exportId)]]);
}

/** The fields without a mark: what an export has of them. */
export function withoutMark(
  fields: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  return fields.has(FIELD) ? new Map([...fields].filter(([name]) => name !== FIELD)) : fields;
}

/** The export that the actor was imported from; undefined if it was not imported. */
export function markOf(fields: ReadonlyMap<string, Uint8Array>): unknown {
  const mark = fields.get(FIELD);
  return mark && unpackField(mark);
}
