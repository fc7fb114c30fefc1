import type { ActorAddress } from "./actor-address.ts";
import type { DueEntry } from "./reminder-store.ts";

/**
 * What a silo shows to become an actor's owner: the revision of the view that makes it the owner,
 * and who it is.
 */
export interface Claim {
  readonly revision: number;
  readonly siloId: string;
  /**
   * The epoch has to be higher than this as well: for an actor that comes from another store, where
   * it had this epoch. Default: 0.
   */
  readonly epochAbove?: number | undefined;
}

/**
 * The stored part of one actor: named fields of bytes. Names have a prefix for what they hold (a
 * state slot, a reminder, a timer); the store does not look at it.
 */
export type Fields = ReadonlyMap<string, Uint8Array>;

/** The answer to a claim: the epoch and what is stored, or the revision that refuses it. */
export type ClaimResult =
  | {
      readonly kind: "claimed";
      /** Higher than that of every earlier claim of this actor, and than `epochAbove`. */
      readonly epoch: number;
      /** Number of the last commit; 0 for an actor that never stored anything. */
      readonly version: number;
      readonly fields: Fields;
    }
  /** A newer view, or another silo of the same view, has claimed the actor. */
  | { readonly kind: "refused"; readonly revision: number; readonly siloId: string };

/** One change of the stored fields of an actor. It is stored whole or not at all. */
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
  /**
   * Fields whose names lie in these ranges go as well: for logs, whose fields are not listed one by
   * one. It costs one look at the names of the whole actor. A field that the same commit sets
   * stays.
   */
  readonly removeRanges?: readonly FieldRange[] | undefined;
  /** What the commit changes in the index of due times. */
  readonly due?: DueChange | undefined;
}

/** Names from `from` on and before `to`, by the order of their bytes; both are plain ASCII. */
export interface FieldRange {
  readonly from: string;
  readonly to: string;
}

/** No entry is both added and removed. */
export interface DueChange {
  readonly add: readonly DueEntry[];
  readonly remove: readonly DueEntry[];
}

/** The answer to a commit: it is stored, or its epoch is too low. */
export type CommitResult =
  | { readonly kind: "stored" }
  /** A later claim owns the actor, or it was retired. No field was written. */
  | { readonly kind: "fenced"; readonly epoch: number };

/** What is stored of an actor, as far as it was asked for. */
export interface StoredFields {
  readonly epoch: number;
  readonly version: number;
  readonly fields: Fields;
}

/** The end of what is stored of an actor, until somebody claims it again. */
export interface Retirement {
  /** The epoch of the claim under which the actor's stored life ends. */
  readonly epoch: number;
  /** One more than the number of the last commit. */
  readonly version: number;
  /**
   * For how long the store remembers the actor's epoch. It must be longer than an older owner, or
   * the network, can hold a commit back.
   */
  readonly keepMs: number;
  readonly due?: DueChange | undefined;
}

/** Which stored actors to list, and from where on. */
export interface ListQuery {
  readonly type?: string;
  /** What the ids begin with. */
  readonly prefix?: string;
  /** The `next` of the page before. */
  readonly after?: string;
  /** How many actors a page aims at. */
  readonly limit: number;
}

/**
 * A page of stored actors. It may hold fewer than were asked for, and even none before the last.
 */
export interface ListPage {
  readonly addresses: readonly ActorAddress[];
  /** What the next page starts after; undefined on the last page. */
  readonly next: string | undefined;
}

/** Whether the membership that is noted stays or is replaced. */
export type IdentifyMode = "keep" | "replace";

/**
 * Where the state of actors lives.
 *
 * - `claim` raises the actor's epoch and reads all its fields in one atomic step. It refuses a
 *   revision that is lower than the one stored, and the same revision from another silo. It may run
 *   twice (the epoch then rises twice).
 * - `commit` applies all of its changes or none, and only under the highest epoch (D1, D2). When it
 *   resolves with `stored` the change survives any crash. It is safe to run twice: the answer is
 *   `stored` again, and the effect is one.
 * - The entries that a commit adds to the index of due times (`Commit.due`) are never missing while
 *   its fields are stored, also after a crash in the middle (D3). When the commit resolves with
 *   `stored`, the entries that it removes are gone or about to go; what stays after a crash is
 *   found stale when it is due. A fenced commit removes no entry. It may leave entries that it
 *   adds, for one too many is harmless. The index is the one that the `ReminderStore` opened beside
 *   this store reads.
 * - `read` gives the fields whose names start with `prefix`, without a claim and without raising
 *   the epoch: all of one moment, no older than what was committed before the call. It resolves to
 *   undefined if the store knows nothing of the actor.
 * - `retire` ends an actor's stored life: all fields go at once, and the index changes as by a
 *   commit. The store remembers the epoch for `keepMs`, so that no older owner can write, and then
 *   forgets the actor. It is fenced like a commit and safe to run twice. Afterwards who wants to
 *   write has to claim the actor again, also the one that retired it; a claim begins a new stored
 *   life, which lasts.
 * - `list` gives the actors that have stored fields, in pages, in an order of the store's own. Each
 *   actor that is there from the first page to the last is given once at least; others may be. A
 *   page may hold fewer than `limit`, also none, and in a store that is shared out in parts a few
 *   more; the last page is the one without a `next`.
 * - When the store is away, slow or full, all reject with `STORE_UNAVAILABLE` in bounded time (D6);
 *   whether the change was made is then unknown, and it may be made much later.
 */
export interface StateStore {
  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult>;
  commit(address: ActorAddress, commit: Commit): Promise<CommitResult>;
  read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined>;
  retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult>;
  list(query: ListQuery): Promise<ListPage>;
  /**
   * Notes the membership whose actors are stored here; with `keep` only if none is noted yet.
   * Resolves with the one that is noted then.
   */
  identify(membership: string, mode: IdentifyMode): Promise<string>;
  close(): Promise<void>;
}
