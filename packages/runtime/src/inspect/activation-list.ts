import type { Catalog } from "../activation/catalog.ts";

/** Entries of one answer: enough for people. */
export const LIST_MAX = 1_000;

/** One active actor, for `troupe actors`. */
export interface ActivationInfo {
  readonly type: string;
  readonly id: string;
  readonly state: string;
  /** Turns that wait in its mailbox. */
  readonly waiting: number;
}

/** The activations of a silo, of one type or of all. */
export function listActivations(catalog: Catalog, type: string | undefined): ActivationInfo[] {
  const list: ActivationInfo[] = [];
  for (const { address, state, waiting } of catalog.values()) {
    if (type !== undefined && address.type !== type) continue;
    if (list.push({ ...address, state, waiting }) === LIST_MAX) break;
  }
  return list;
}
