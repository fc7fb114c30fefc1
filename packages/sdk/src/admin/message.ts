import { shownValue, TroupeError } from "@troupe/core";

/**
 * How one field of an administrative message is read, and how `proto/troupe/admin.proto` calls it.
 *
 * MSG-1. A field that is absent has its type's empty value, as in proto3: "", 0, false, no items.
 *        So a reader understands a peer of an earlier version, which does not know the field.
 * MSG-2. A field that a reader does not know is left out, so a later version may add fields.
 * MSG-3. A field of another type is a mistake of the sender: `read` throws `BAD_CONFIG`, and the
 *        message names the field, the value and what would be right.
 */
export interface FieldKind<T> {
  /** As the schema writes it: `string`, `repeated Reminder`. */
  readonly proto: string;
  /** `path` names the field in error messages. */
  read(value: unknown, path: string): T;
}

/** What a kind reads. */
export type FieldType<K> = K extends FieldKind<infer T> ? T : never;

type FieldKinds = Readonly<Record<string, FieldKind<unknown>>>;

/** A message with its fields, in the order of their numbers in the schema. */
export interface Message<F extends FieldKinds> extends FieldKind<{
  readonly [K in keyof F]: FieldType<F[K]>;
}> {
  readonly fields: F;
}

/** A text. */
export const text: FieldKind<string> = {
  proto: "string",
  read: (value, path) => {
    if (value === undefined) return "";
    return typeof value === "string" ? value : wrong(path, value, "a text");
  },
};

/** A whole number from 0 to 2^53 - 1. */
export const whole: FieldKind<number> = {
  proto: "uint64",
  read: (value, path) => {
    if (value === undefined) return 0;
    const isWhole = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    return isWhole ? value : wrong(path, value, "a whole number of 0 or more");
  },
};

/** Any number. */
export const decimal: FieldKind<number> = {
  proto: "double",
  read: (value, path) => {
    if (value === undefined) return 0;
    return typeof value === "number" ? value : wrong(path, value, "a number");
  },
};

/** True or false. */
export const flag: FieldKind<boolean> = {
  proto: "bool",
  read: (value, path) => {
    if (value === undefined) return false;
    return typeof value === "boolean" ? value : wrong(path, value, "true or false");
  },
};

/** Under a name of its own, because declarations are read by versions that know no generic one. */
export interface Bytes extends Uint8Array {}

/** Bytes. */
export const bytes: FieldKind<Bytes> = {
  proto: "bytes",
  read: (value, path) => {
    if (value === undefined) return new Uint8Array();
    return value instanceof Uint8Array ? value : wrong(path, value, "bytes");
  },
};

/** Any value that a message can carry. */
export const anything: FieldKind<unknown> = { proto: "Value", read: (value) => value };

/** Whole numbers by names. */
export const counts: FieldKind<Readonly<Record<string, number>>> = {
  proto: "map<string, uint64>",
  read: (value, path) => {
    const entries = Object.entries(fieldsOf(value, path));
    return Object.fromEntries(
      entries.map(([name, count]) => [name, whole.read(count, `${path}.${name}`)]),
    );
  },
};

/** A list, and the kind of its items. */
export interface ListKind<T> extends FieldKind<readonly T[]> {
  readonly item: FieldKind<T>;
}

/** A list of one kind of item. */
export function listOf<T>(item: FieldKind<T>): ListKind<T> {
  return {
    item,
    proto: `repeated ${item.proto}`,
    read: (value, path) => {
      if (value === undefined) return [];
      if (!Array.isArray(value)) return wrong(path, value, "a list");
      return value.map((entry: unknown, index) => item.read(entry, `${path}[${index}]`));
    },
  };
}

/** A message of the schema, whose fields are named as here but with underscores. */
export function message<F extends FieldKinds>(name: string, fields: F): Message<F> {
  return {
    proto: name,
    fields,
    read: (value, path) => {
      const given = fieldsOf(value, path);
      const read = Object.entries(fields).map(([field, kind]) => [
        field,
        kind.read(given[field], `${path}.${field}`),
      ]);
      return Object.fromEntries(read) as { readonly [K in keyof F]: FieldType<F[K]> };
    },
  };
}

function fieldsOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  const isMessage = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMessage ? { ...value } : wrong(path, value, "an object with the fields of the message");
}

function wrong(path: string, value: unknown, right: string): never {
  throw new TroupeError("BAD_CONFIG", `${path} is ${shownValue(value)}; give ${right}`);
}
