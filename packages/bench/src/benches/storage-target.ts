import type { StorageKind, Target } from "../bench.ts";

/** What a ratio has to reach at least, by what its baseline writes to. */
export type StorageLimits = Readonly<Record<StorageKind, number>>;

/** The target for a storage: what another process does behind a socket is not what a call does. */
export function storageTarget(limits: StorageLimits, storage: StorageKind): Target {
  return { of: "ratio", sense: "at-least", limit: limits[storage] };
}
