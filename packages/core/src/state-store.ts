import type { DueEntry } from "./reminder-store.ts";
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

/** All fields whose names are not below `from` and are below `to`. */
export interface FieldRange {
  readonly from: string;
  readonly to: string;
}

/** What a commit changes in the index of due times. */
export interface DueChange {
  readonly add: readonly DueEntry[];
  readonly remove: readonly DueEntry[];
}

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
  /** These go before anything is set. The names of their fields are ASCII. */
  readonly removeRanges?: readonly FieldRange[];
  readonly due?: DueChange;
}

/** What is stored of an actor, as a reader without a claim sees it. */
export interface StoredFields {
  readonly epoch: number;
  readonly version: number;
  readonly fields: Fields;
}

/** The end of an actor's stored life. */
export interface Retirement {
  readonly epoch: number;
  /** As in `Commit`. */
  readonly version: number;
  /** Milliseconds for which the epoch is kept, so that no older owner can write. */
  readonly keepMs: number;
}

export interface ListQuery {
  /** Only actors of this type. Default: all. */
  readonly type?: string;
  /** What `next` of the page before was. Default: the first page. */
  readonly after?: string;
  /** About how many actors to give: a page may have somewhat more, or fewer though more follow. */
  readonly limit: number;
}

export interface ListPage {
  readonly addresses: readonly ActorAddress[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
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
 * - While a commit's fields are stored, the entries that it adds are in the index of due times,
 *   whatever crashes (D3). Those that it removes are gone soon after; one that a crash leaves there
 *   is harmless. A fenced commit removes none.
 * - `read` gives the fields whose names start with `prefix`, as they were at one moment, without a
 *   claim: undefined for an actor that never stored anything.
 * - `retire` removes all fields under the same conditions as a commit, and may run twice. The epoch
 *   goes on from there if the actor is claimed within `keepMs`; later nothing is left of the actor.
 * - `list` gives the actors that have fields, in pages. An actor that has some from the first page
 *   to the last is given at least once.
 * - When the store is away, slow or full, all reject with `STORE_UNAVAILABLE` in bounded time (D6);
 *   whether a change was made is then unknown.
 */
export interface StateStore {
  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult>;
  commit(address: ActorAddress, commit: Commit): Promise<CommitResult>;
  read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined>;
  retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult>;
  list(query: ListQuery): Promise<ListPage>;
  close(): Promise<void>;
}
