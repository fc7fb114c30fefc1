import type { ActorAddress } from "./actor-address.ts";

/**
 * What a silo shows to become an actor's owner: the revision of the view that makes it the owner,
 * and who it is.
 */
export interface Claim {
  readonly revision: number;
  readonly siloId: string;
}

/**
 * The stored part of one actor: named fields of bytes. Names have a prefix for what they hold (a
 * state slot, a reminder, a timer); the store does not look at it.
 */
export type Fields = ReadonlyMap<string, Uint8Array>;

export type ClaimResult =
  | {
      readonly kind: "claimed";
      /** Higher than that of every earlier claim of this actor. */
      readonly epoch: number;
      /** Number of the last commit; 0 for an actor that never stored anything. */
      readonly version: number;
      readonly fields: Fields;
    }
  /** A newer view, or another silo of the same view, has claimed the actor. */
  | { readonly kind: "refused"; readonly revision: number; readonly siloId: string };

export interface Commit {
  /** The epoch of the claim under which the change was made. */
  readonly epoch: number;
  /**
   * The number that this commit gets: one more than the last one's. It makes a repeated commit
   * recognisable.
   */
  readonly version: number;
  readonly set: Fields;
  readonly remove: readonly string[];
}

export type CommitResult =
  | { readonly kind: "stored" }
  /** A later claim owns the actor; nothing was written. */
  | { readonly kind: "fenced"; readonly epoch: number };

/**
 * Where the state of actors lives.
 *
 * - `claim` raises the actor's epoch and reads all its fields in one atomic step. It refuses a
 *   revision that is lower than the one stored, and the same revision from another silo. It may run
 *   twice (the epoch then rises twice).
 * - `commit` applies all of its changes or none, and only under the highest epoch (D1, D2). When it
 *   resolves with `stored` the change survives any crash. It is safe to run twice: the answer is
 *   `stored` again, and the effect is one.
 * - When the store is away, slow or full, both reject with `STORE_UNAVAILABLE` in bounded time
 *   (D6); whether the change was made is then unknown.
 */
export interface StateStore {
  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult>;
  commit(address: ActorAddress, commit: Commit): Promise<CommitResult>;
  close(): Promise<void>;
}
