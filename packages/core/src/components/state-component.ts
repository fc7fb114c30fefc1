/** One item of a state component. */
export interface StateItem {
  /** JSON text. */
  readonly data: string;
  /** Changes with each write of the key. Nobody but the store looks into it. */
  readonly etag: string;
}

/** One change of a key. It replaces the item whole, with its lifetime. */
export type StateChange = StateSet | StateDelete;

/** Writes a key. */
export interface StateSet {
  readonly kind: "set";
  readonly key: string;
  /** JSON text. */
  readonly data: string;
  readonly condition?: StateCondition | undefined;
  /** Milliseconds until the item is gone. Undefined: it stays, also if it had a lifetime before. */
  readonly ttlMs?: number | undefined;
}

/** Removes a key. A key that is not there is removed already. */
export interface StateDelete {
  readonly kind: "delete";
  readonly key: string;
  readonly condition?: StateCondition | undefined;
}

/** What must hold of the key at the moment of the change. Otherwise nothing is written. */
export type StateCondition =
  | { readonly kind: "etag"; readonly etag: string }
  | { readonly kind: "absent" };

/** The answer to one change. */
export type StateWritten =
  | {
      readonly kind: "stored";
      /** Of the new item; undefined for a removal. */
      readonly etag: string | undefined;
    }
  /** The condition did not hold, and nothing was written. */
  | { readonly kind: "conflict" };

/** The answer to a transaction. */
export type TransactionResult =
  | { readonly kind: "stored" }
  /** The condition of a change did not hold. No change was written. */
  | { readonly kind: "conflict"; readonly key: string };

/** Which keys to list, and from where on. */
export interface StateKeyQuery {
  /** What the keys begin with. */
  readonly prefix: string;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  /** How many keys a page aims at. It may hold a few more. */
  readonly limit: number;
}

/** A page of keys. It may hold none, also before the last. */
export interface StateKeyPage {
  readonly keys: readonly string[];
  /** What the next page starts after; undefined on the last page. */
  readonly next: string | undefined;
}

/** How new the answer of a read is. */
export type StateConsistency = "strong" | "eventual";

/** What a state component can do. What it cannot do is never asked of it. */
export interface StateCapabilities {
  /** `condition` of the kind `etag` or `absent`. */
  readonly conditions: boolean;
  /** `ttlMs`. */
  readonly ttl: boolean;
  /** Changes of several keys, all or none. */
  readonly transactions: boolean;
  /** Listing keys by their prefix. */
  readonly keys: boolean;
  /** A read sees every write that was acknowledged before. */
  readonly strongReads: boolean;
}

/**
 * Items by key, outside of actors: the port of `state.*`.
 *
 * - **K1.** A change whose condition does not hold is answered with `conflict` and writes nothing.
 *   Of several changes under one etag, one at most is stored.
 * - **K2.** A transaction stores all of its changes or none.
 * - **K3.** An item whose time is over is gone: for reads, conditions, transactions and lists. It
 *   never comes back, and its end takes nothing away that was written after it.
 * - `write` answers each change by itself, in the order of the changes. One that fails does not
 *   keep the others from being stored.
 * - When `write` or `transact` resolves, what was stored survives as long as the store promises.
 * - Data comes back as the JSON value that it was; its spelling may differ.
 *
 * When the server is away, slow or full, all reject with `COMPONENT_UNAVAILABLE` within seconds.
 * Whether a change was made is then unknown.
 */
export interface StateComponent {
  readonly capabilities: StateCapabilities;
  /** The items in the order of the keys; undefined where there is none. */
  read(
    keys: readonly string[],
    consistency: StateConsistency,
  ): Promise<readonly (StateItem | undefined)[]>;
  /** Each change by itself. No key is in it twice. */
  write(changes: readonly StateChange[]): Promise<readonly StateWritten[]>;
  /** All or none. No key is in it twice. */
  transact(changes: readonly StateChange[]): Promise<TransactionResult>;
  /** Each key that is there from the first page to the last is given once at least. */
  listKeys(query: StateKeyQuery): Promise<StateKeyPage>;
  close(): Promise<void>;
}
