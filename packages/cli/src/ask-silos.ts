import { messageOf } from "@troupe/core";
import type { Cluster } from "@troupe/host";
import { printNote } from "./terminal.ts";

/** Entries that a silo lists at most. */
const SILO_LIST_MAX = 1_000;

/** A silo that was asked and did not answer. */
export interface Unanswered {
  readonly siloId: string;
  readonly error: string;
}

/** What every silo said, one after the other in the order of the view. */
export interface SiloLists {
  readonly entries: readonly SiloEntry[];
  readonly unanswered: readonly Unanswered[];
  /** Silos that may have more to list than they did. */
  readonly cutShort: readonly string[];
}

/**
 * One entry of a silo's list. A silo of another version may say less or more, so its fields are
 * read one by one.
 */
export interface SiloEntry {
  readonly siloId: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Asks all silos for a list. A silo that is just joining has nothing yet, and is not asked. */
export async function askSilos(
  cluster: Pick<Cluster, "view" | "callSilo">,
  method: string,
  args: readonly unknown[] = [],
): Promise<SiloLists> {
  const asked = cluster.view.members.filter(({ state }) => state !== "joining");
  const answers = await Promise.all(
    asked.map(async ({ siloId }) => {
      try {
        return { siloId, list: recordsOf(await cluster.callSilo(siloId, method, args)) };
      } catch (error) {
        return { siloId, error: messageOf(error) };
      }
    }),
  );
  return {
    entries: answers.flatMap(({ siloId, list = [] }) => list.map((fields) => ({ siloId, fields }))),
    unanswered: answers.flatMap(({ siloId, error }) =>
      error === undefined ? [] : [{ siloId, error }],
    ),
    cutShort: answers
      .filter(({ list = [] }) => list.length >= SILO_LIST_MAX)
      .map(({ siloId }) => siloId),
  };
}

/** Says what is missing from a list. */
export function noteGaps({ unanswered, cutShort }: SiloLists): void {
  for (const { siloId, error } of unanswered) printNote(`${siloId} did not answer: ${error}`);
  for (const siloId of cutShort)
    printNote(`${siloId} has more than the ${SILO_LIST_MAX} that it lists`);
}

/** The objects of a list that came from elsewhere. */
export function recordsOf(answer: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(answer) ? answer.map((entry: unknown) => recordOf(entry)) : [];
}

/** The fields of an object that came from elsewhere; anything else has none. */
export function recordOf(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === "object" && answer !== null ? { ...answer } : {};
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
