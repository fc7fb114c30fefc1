import { type Member, messageOf } from "@troupe/core";

/** A silo that was asked and did not answer. */
export interface Unanswered {
  readonly siloId: string;
  readonly error: string;
}

/** One entry of a silo's list. */
export type OfSilo<T> = T & { readonly siloId: string };

/** What every silo listed. */
export interface SiloLists<T> {
  readonly entries: readonly OfSilo<T>[];
  readonly unanswered: readonly Unanswered[];
  /** Silos that have more than the most that was asked for. */
  readonly cutShort: readonly string[];
}

/** Reads the lists of all silos at once, at most `most` entries of each. Never rejects. */
export async function listEverySilo<T extends object>(
  silos: readonly Member[],
  list: (siloId: string) => AsyncIterable<T>,
  most: number,
): Promise<SiloLists<T>> {
  const lists = await Promise.all(silos.map(({ siloId }) => readList(siloId, list, most)));
  return {
    entries: lists.flatMap(({ entries }) => entries),
    unanswered: lists.flatMap(({ siloId, error }) =>
      error === undefined ? [] : [{ siloId, error }],
    ),
    cutShort: lists.filter(({ hasMore }) => hasMore).map(({ siloId }) => siloId),
  };
}

interface SiloList<T> {
  readonly siloId: string;
  readonly entries: readonly OfSilo<T>[];
  readonly hasMore: boolean;
  readonly error?: string;
}

/** What came before a failure is kept. */
async function readList<T extends object>(
  siloId: string,
  list: (siloId: string) => AsyncIterable<T>,
  most: number,
): Promise<SiloList<T>> {
  const entries: OfSilo<T>[] = [];
  try {
    for await (const entry of list(siloId)) {
      if (entries.length === most) return { siloId, entries, hasMore: true };
      entries.push({ ...entry, siloId });
    }
    return { siloId, entries, hasMore: false };
  } catch (error) {
    return { siloId, entries, hasMore: false, error: messageOf(error) };
  }
}
