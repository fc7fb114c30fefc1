import type { SiloLists } from "@troupe/admin";
import { printableJson, printableLine } from "./printable-text.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";

/** Entries of each silo that a command lists: more is for programs, which use `AdminClient`. */
export const LISTED_MAX = 10_000;

/** A list over all silos, in the two forms in which a command prints it. */
export interface Listed {
  readonly lists: SiloLists<object>;
  readonly json: boolean;
  /** The fields of the line of JSON, besides the silos that did not answer. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Undefined if there is nothing to show. */
  readonly table: string | undefined;
  /** Says that there is nothing. It is said only if every silo answered. */
  readonly nothing: string;
}

/** Prints what the silos listed, and what is missing from it. It fails if a silo did not answer. */
export function printListed({ lists, json, data, table, nothing }: Listed): number {
  const { unanswered, cutShort } = lists;
  if (json) printData(printableJson({ ...data, unanswered }));
  else if (table !== undefined) printData(table);
  else if (unanswered.length === 0) printNote(nothing);
  for (const { siloId, error } of unanswered)
    printNote(`${siloId} did not answer: ${printableLine(error)}`);
  for (const siloId of cutShort)
    printNote(`${siloId} has more than the ${LISTED_MAX} that are listed`);
  return unanswered.length === 0 ? EXIT_OK : EXIT_FAILED;
}
