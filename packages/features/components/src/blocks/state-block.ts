import {
  type Duration,
  DURATION_FORMS,
  parseDuration,
  shownValue,
  type StateCapabilities,
  type StateChange,
  type StateComponent,
  type StateCondition,
  type StateConsistency,
  type StateItem,
  type StateSet,
  type TroupeError,
} from "@troupe/core";
import type { CallLimits, ComponentCalls } from "./component-calls.ts";
import { jsonText, jsonValue } from "./json-text.ts";
import type { KeyPrefix } from "./key-prefix.ts";

/** A value that is stored, and the etag under which it can be changed. */
export interface StateValue<T> {
  readonly value: T;
  /** Changes with each write of the key. */
  readonly etag: string;
}

/** What must hold of a key, and how long its new value stays. */
export interface StateWriteOptions extends CallLimits {
  /** The write is refused with `CONFLICT` unless the item still has this etag. */
  readonly etag?: string | undefined;
  /** The write is refused with `CONFLICT` if there is an item already. */
  readonly ifAbsent?: boolean | undefined;
  /** After this time the item is gone. Default: it stays. */
  readonly ttl?: Duration | undefined;
}

/** One write of several. */
export interface StateEntry<T> extends StateWriteOptions {
  readonly key: string;
  readonly value: T;
}

/** One operation of a transaction. */
export type StateOperation<T> =
  | ({ readonly kind: "set" } & StateEntry<T>)
  | { readonly kind: "delete"; readonly key: string; readonly etag?: string | undefined };

/** How new what is read has to be. */
export interface StateReadOptions extends CallLimits {
  /** Default: "strong" where the component can, otherwise "eventual". */
  readonly consistency?: StateConsistency | undefined;
}

/** Which keys to list. */
export interface KeyQuery extends CallLimits {
  /** What the keys begin with. Default: all keys. */
  readonly prefix?: string;
  /** The `next` of the page before. */
  readonly after?: string | undefined;
  /** How many keys a page aims at, at most 1,000. It may hold a few more. Default: 100. */
  readonly limit?: number;
}

/** A page of keys. It may hold none, also before the last; the last one has no `next`. */
export interface KeyPage {
  readonly keys: readonly string[];
  readonly next: string | undefined;
}

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;

/** Keys of one read or write of many. */
const KEYS_MAX = 10_000;

/**
 * Items by key, in the component of one name. Values are what JSON can hold.
 *
 * What the component cannot do is `NOT_SUPPORTED`, before anything is asked of it.
 */
export class StateBlock<T = unknown> {
  readonly #component: StateComponent;
  readonly #calls: ComponentCalls;
  readonly #keys: KeyPrefix;

  constructor(component: StateComponent, calls: ComponentCalls, keys: KeyPrefix) {
    this.#component = component;
    this.#calls = calls;
    this.#keys = keys;
  }

  /** What the component can do. */
  get capabilities(): StateCapabilities {
    return this.#component.capabilities;
  }

  /** The item of the key, or undefined. */
  async get(key: string, options: StateReadOptions = {}): Promise<StateValue<T> | undefined> {
    const stored = [this.#keys.stored(key)];
    const consistency = this.#consistency(options);
    const [item] = await this.#calls.run(() => this.#component.read(stored, consistency), options);
    return this.#value(key, item);
  }

  /** The items in the order of the keys; undefined where there is none. At most 10,000 keys. */
  async getMany(
    keys: readonly string[],
    options: StateReadOptions = {},
  ): Promise<readonly (StateValue<T> | undefined)[]> {
    this.#checkCount(keys.length);
    const stored = keys.map((key) => this.#keys.stored(key));
    const consistency = this.#consistency(options);
    if (stored.length === 0) return [];
    const items = await this.#calls.run(() => this.#component.read(stored, consistency), options);
    return keys.map((key, index) => this.#value(key, items[index]));
  }

  /** Writes the item, and gives its new etag. */
  async set(key: string, value: T, options: StateWriteOptions = {}): Promise<string> {
    const [etag = ""] = await this.setMany([{ ...options, key, value }], options);
    return etag;
  }

  /**
   * Writes each item by itself, and gives the new etags in their order. If some are refused, the
   * others are stored, and the error names the refused ones; `transaction` stores all or none.
   */
  async setMany(
    entries: readonly StateEntry<T>[],
    limits: CallLimits = {},
  ): Promise<readonly string[]> {
    const changes = entries.map((entry) => this.#set(entry));
    this.#checkKeys(changes);
    if (changes.length === 0) return [];
    const written = await this.#calls.run(() => this.#component.write(changes), limits);
    const refused = changes.filter((_, index) => written[index]?.kind !== "stored");
    if (refused.length > 0) throw this.#conflict(refused.map(({ key }) => this.#keys.key(key)));
    return written.map((one) => (one.kind === "stored" ? (one.etag ?? "") : ""));
  }

  /** Removes the item. With an etag that it does not have, that is a `CONFLICT`. */
  async delete(
    key: string,
    options: Pick<StateWriteOptions, "etag"> & CallLimits = {},
  ): Promise<void> {
    const change = this.#delete(key, options.etag);
    const [written] = await this.#calls.run(() => this.#component.write([change]), options);
    if (written?.kind !== "stored") throw this.#conflict([key]);
  }

  /** Does all of the operations or none of them. No key is in it twice. */
  async transaction(
    operations: readonly StateOperation<T>[],
    limits: CallLimits = {},
  ): Promise<void> {
    const changes = operations.map((one) =>
      one.kind === "set" ? this.#set(one) : this.#delete(one.key, one.etag),
    );
    this.#require("transactions", "do several changes at once");
    this.#checkKeys(changes);
    if (changes.length === 0) return;
    const result = await this.#calls.run(() => this.#component.transact(changes), limits);
    if (result.kind === "conflict") throw this.#conflict([this.#keys.key(result.key)]);
  }

  /** The keys that there are, a page at a time. */
  async keys(query: KeyQuery = {}): Promise<KeyPage> {
    const { prefix = "", after, limit = PAGE_DEFAULT } = query;
    this.#require("keys", "list keys");
    if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX)
      throw this.#calls.error("BAD_INPUT", `limit ${shownValue(limit)}: give 1 to ${PAGE_MAX}`);
    const page = await this.#calls.run(
      () => this.#component.listKeys({ prefix: this.#keys.storedBeginning(prefix), after, limit }),
      query,
    );
    return { keys: page.keys.map((key) => this.#keys.key(key)), next: page.next };
  }

  #value(key: string, item: StateItem | undefined): StateValue<T> | undefined {
    if (item === undefined) return undefined;
    // Who stores a T under the key reads a T from it.
    const value = jsonValue(
      item.data,
      () => `what is stored in ${this.#calls.title} ${JSON.stringify(key)}`,
    ) as T;
    return { value, etag: item.etag };
  }

  #set({ key, value, ttl, ...options }: StateEntry<T>): StateSet {
    const ttlMs = this.#ttlMs(ttl);
    const condition = this.#condition(options);
    const data = jsonText(value, `the value of ${JSON.stringify(key)}`);
    return { kind: "set", key: this.#keys.stored(key), data, condition, ttlMs };
  }

  #delete(key: string, etag: string | undefined): StateChange {
    return { kind: "delete", key: this.#keys.stored(key), condition: this.#condition({ etag }) };
  }

  #condition({
    etag,
    ifAbsent,
  }: Pick<StateWriteOptions, "etag" | "ifAbsent">): StateCondition | undefined {
    if (etag === undefined && ifAbsent !== true) return undefined;
    this.#require("conditions", "check an etag");
    if (etag !== undefined && ifAbsent === true)
      throw this.#calls.error("BAD_INPUT", "etag and ifAbsent exclude each other; give one");
    return etag === undefined ? { kind: "absent" } : { kind: "etag", etag };
  }

  #ttlMs(ttl: Duration | undefined): number | undefined {
    if (ttl === undefined) return undefined;
    this.#require("ttl", "let items end by themselves");
    const ttlMs = parseDuration(ttl);
    if (ttlMs !== undefined && ttlMs >= 1) return ttlMs;
    throw this.#calls.error(
      "BAD_INPUT",
      `ttl ${shownValue(ttl)}: give at least 1 ms, as ${DURATION_FORMS}`,
    );
  }

  #consistency({ consistency }: StateReadOptions): StateConsistency {
    if (consistency === "strong") this.#require("strongReads", "promise to read the last write");
    return consistency ?? (this.capabilities.strongReads ? "strong" : "eventual");
  }

  #require(capability: keyof StateCapabilities, what: string): void {
    if (!this.capabilities[capability])
      throw this.#calls.error("NOT_SUPPORTED", `this type of component cannot ${what}`);
  }

  #checkCount(count: number): void {
    if (count > KEYS_MAX)
      throw this.#calls.error("BAD_INPUT", `${count} keys at once; give at most ${KEYS_MAX}`);
  }

  #checkKeys(changes: readonly StateChange[]): void {
    this.#checkCount(changes.length);
    const seen = new Set<string>();
    for (const { key } of changes) {
      if (seen.has(key))
        throw this.#calls.error(
          "BAD_INPUT",
          `the key ${JSON.stringify(this.#keys.key(key))} is given twice`,
        );
      seen.add(key);
    }
  }

  #conflict(keys: readonly string[]): TroupeError {
    const named = keys.map((key) => JSON.stringify(key)).join(", ");
    return this.#calls.error(
      "CONFLICT",
      `${named} ${keys.length === 1 ? "is" : "are"} not as the condition says; read again and decide again`,
    );
  }
}
