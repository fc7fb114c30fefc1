import type { DueEntry } from "@troupe/core";
import { numbersArray, parseBytes, textsArray } from "./binary-array.ts";
import type { Row } from "./postgres-connection.ts";

/** Entries of the index as six arrays: bucket, time, type, id, name and tag. */
export function dueColumns(entries: readonly DueEntry[]): (Buffer | string)[] {
  return [
    numbersArray(entries.map(({ bucket }) => bucket)),
    numbersArray(entries.map(({ dueAt }) => dueAt)),
    textsArray(entries.map(({ address }) => address.type)),
    textsArray(entries.map(({ address }) => address.id)),
    textsArray(entries.map(({ name }) => name)),
    textsArray(entries.map(({ tag }) => tag)),
  ];
}

/** The entry of a row with these columns. */
export function parseDueRow(row: Row): DueEntry {
  const [bucket, dueAt, type, id, name, tag] = row;
  return {
    bucket: Number(bucket),
    address: { type: textOf(type), id: textOf(id) },
    name: textOf(name),
    dueAt: Number(dueAt),
    tag: textOf(tag),
  };
}

/** A text that is stored as bytes. */
export function textOf(column: string | null | undefined): string {
  return parseBytes(column ?? "").toString();
}
