import type {
  Clock,
  StateChange,
  StateComponent,
  StateCondition,
  StateItem,
  StateKeyPage,
  StateKeyQuery,
  StateWritten,
  TransactionResult,
} from "@troupe/core";

/** What a state component can do wrong. */
export const STATE_COMPONENT_FLAWS = [
  "writes under any etag",
  "writes under an etag before the last",
  "writes what it refuses",
  "removes under any etag",
  "takes the etag of a missing item for right",
  "overwrites what must be absent",
  "gives the same etag for the same data",
  "gives another etag when it is read",
  "lets another write in between its look and its write",
  "refuses all changes if one is refused",
  "answers in the order in which it stores",
  "applies a transaction up to the refused change",
  "applies a transaction but for the refused change",
  "forgets the removals of a transaction",
  "checks no etag in a transaction",
  "forgets the lifetimes of a transaction",
  "ignores lifetimes",
  "keeps a lifetime over a later write",
  "takes away by key what was written since",
  "lists what is over",
  "takes what is over for there",
  "gives what is over its etag back",
  "renews a lifetime by a read",
  "renews a lifetime by a refused write",
  "does not look at the case of keys",
  "takes a prefix for a pattern",
  "leaves out the last key of a page",
  "counts pages by position",
  "keeps 64 KiB of a value",
  "merges an item into the one before",
  "rounds numbers",
  "keeps in the handle what it acknowledges",
  "gives no gaps",
  "takes a missing item for a failed removal",
] as const;

export type StateComponentFlaw = (typeof STATE_COMPONENT_FLAWS)[number];

interface FlawedItem extends StateItem {
  endsAt: number;
}

export interface FlawedItems {
  readonly items: Map<string, FlawedItem>;
  etags: number;
}

const SHORT_VALUE = 64 * 1024;

/** A state component in memory with one flaw, or with none. */
export class FlawedStateComponent implements StateComponent {
  readonly capabilities = {
    conditions: true,
    ttl: true,
    transactions: true,
    keys: true,
    strongReads: true,
  };
  readonly #shared: FlawedItems;
  readonly #own: FlawedItems = { items: new Map(), etags: 0 };
  readonly #clock: Clock;
  readonly #flaw: StateComponentFlaw | undefined;

  constructor(shared: FlawedItems, clock: Clock, flaw: StateComponentFlaw | undefined) {
    this.#shared = shared;
    this.#clock = clock;
    this.#flaw = flaw;
  }

  async read(keys: readonly string[]): Promise<readonly (StateItem | undefined)[]> {
    const items = keys.map((key) => this.#readOne(this.#keyOf(key)));
    return this.#has("gives no gaps") ? items.filter((item) => item !== undefined) : items;
  }

  async write(changes: readonly StateChange[]): Promise<readonly StateWritten[]> {
    const isRefused = changes.some((change) => !this.#holds(change));
    if (isRefused && this.#has("refuses all changes if one is refused"))
      return changes.map(() => ({ kind: "conflict" }));
    const answers: StateWritten[] = [];
    for (const change of changes) {
      const holds = this.#holds(change);
      if (this.#has("lets another write in between its look and its write"))
        // oxlint-disable-next-line no-await-in-loop -- that is the flaw.
        await Promise.resolve();
      answers.push(holds ? this.#apply(change) : this.#refuse(change));
    }
    if (this.#has("answers in the order in which it stores"))
      return answers.toSorted((one, other) => other.kind.localeCompare(one.kind));
    return answers;
  }

  async transact(changes: readonly StateChange[]): Promise<TransactionResult> {
    const refused = this.#has("checks no etag in a transaction")
      ? undefined
      : changes.find((change) => !this.#holds(change));
    const upTo = refused === undefined ? changes.length : changes.indexOf(refused);
    if (refused === undefined) for (const change of changes) this.#applyPart(change);
    else if (this.#has("applies a transaction up to the refused change"))
      for (const change of changes.slice(0, upTo)) this.#applyPart(change);
    else if (this.#has("applies a transaction but for the refused change"))
      for (const change of changes) if (change !== refused) this.#applyPart(change);
    return refused === undefined ? { kind: "stored" } : { kind: "conflict", key: refused.key };
  }

  async listKeys({ prefix, after, limit }: StateKeyQuery): Promise<StateKeyPage> {
    const isIn = this.#has("takes a prefix for a pattern")
      ? (key: string) => patternOf(prefix).test(key)
      : (key: string) => key.startsWith(prefix);
    const all = [...this.#store().items.keys()]
      .filter((key) => isIn(key))
      .filter((key) => this.#has("lists what is over") || this.#find(key) !== undefined)
      .toSorted((one, other) => (one < other ? -1 : 1));
    if (this.#has("counts pages by position")) {
      const from = Number(after ?? 0);
      const next = from + limit < all.length ? String(from + limit) : undefined;
      return { keys: all.slice(from, from + limit), next };
    }
    const rest = all.filter((key) => after === undefined || key > after);
    const keys = rest.slice(0, limit);
    const next = rest.length > limit ? keys.at(-1) : undefined;
    const isShort = next !== undefined && this.#has("leaves out the last key of a page");
    return { keys: isShort ? keys.slice(0, -1) : keys, next };
  }

  async close(): Promise<void> {
    this.#own.items.clear();
  }

  #has(flaw: StateComponentFlaw): boolean {
    return this.#flaw === flaw;
  }

  #store(): FlawedItems {
    return this.#has("keeps in the handle what it acknowledges") ? this.#own : this.#shared;
  }

  #keyOf(key: string): string {
    return this.#has("does not look at the case of keys") ? key.toLowerCase() : key;
  }

  #readOne(key: string): StateItem | undefined {
    const item = this.#find(key);
    if (item === undefined) return undefined;
    if (this.#has("renews a lifetime by a read")) item.endsAt += 60_000;
    const etag = this.#has("gives another etag when it is read") ? `${item.etag}r` : item.etag;
    return { data: item.data, etag };
  }

  #find(key: string): FlawedItem | undefined {
    const item = this.#store().items.get(key);
    const isOver = item !== undefined && item.endsAt <= this.#clock.monotonic();
    return isOver && !this.#has("ignores lifetimes") ? undefined : item;
  }

  #holds({ key, kind, condition }: StateChange): boolean {
    if (condition === undefined)
      return (
        kind === "set" ||
        !this.#has("takes a missing item for a failed removal") ||
        this.#find(this.#keyOf(key)) !== undefined
      );
    if (kind === "delete" && this.#has("removes under any etag")) return true;
    const kept = this.#store().items.get(this.#keyOf(key));
    const item = this.#find(this.#keyOf(key));
    return this.#holdsOf(condition, item, kept);
  }

  #holdsOf(
    condition: StateCondition,
    item: FlawedItem | undefined,
    kept: FlawedItem | undefined,
  ): boolean {
    if (condition.kind === "absent") {
      if (this.#has("overwrites what must be absent")) return true;
      return (this.#has("takes what is over for there") ? kept : item) === undefined;
    }
    if (item === undefined)
      return (
        this.#has("takes the etag of a missing item for right") ||
        (this.#has("gives what is over its etag back") && kept?.etag === condition.etag)
      );
    if (this.#has("writes under any etag")) return true;
    const isBeforeLast = Number(condition.etag) === Number(item.etag) - 1;
    if (isBeforeLast && this.#has("writes under an etag before the last")) return true;
    return item.etag === condition.etag;
  }

  #refuse(change: StateChange): StateWritten {
    const item = this.#find(this.#keyOf(change.key));
    if (this.#has("writes what it refuses")) this.#apply(change);
    if (this.#has("renews a lifetime by a refused write") && item !== undefined)
      item.endsAt += 60_000;
    return { kind: "conflict" };
  }

  #applyPart(change: StateChange): void {
    if (change.kind === "delete" && this.#has("forgets the removals of a transaction")) return;
    const isEndless = change.kind === "set" && this.#has("forgets the lifetimes of a transaction");
    this.#apply(isEndless ? { ...change, ttlMs: undefined } : change);
  }

  #apply(change: StateChange): StateWritten {
    const { items } = this.#store();
    const key = this.#keyOf(change.key);
    const before = items.get(key);
    if (change.kind === "delete") {
      items.delete(key);
      return { kind: "stored", etag: undefined };
    }
    const data = this.#dataOf(change.data, before?.data);
    const isSame = before?.data === data && this.#has("gives the same etag for the same data");
    const etag = isSame ? before.etag : String(++this.#store().etags);
    const { ttlMs } = change;
    const ownEnd = this.#clock.monotonic() + (ttlMs ?? Number.POSITIVE_INFINITY);
    const isKept = before !== undefined && this.#has("keeps a lifetime over a later write");
    items.set(key, { data, etag, endsAt: isKept ? before.endsAt : ownEnd });
    if (ttlMs !== undefined && this.#has("takes away by key what was written since"))
      this.#clock.schedule(ttlMs, () => items.delete(key));
    return { kind: "stored", etag };
  }

  #dataOf(data: string, before: string | undefined): string {
    if (this.#has("keeps 64 KiB of a value") && data.length > SHORT_VALUE)
      return JSON.stringify(data.slice(0, SHORT_VALUE));
    if (this.#has("rounds numbers")) return data.replace(/(\d)\.\d+/, "$1");
    if (!this.#has("merges an item into the one before") || before === undefined) return data;
    const [old, value]: unknown[] = [JSON.parse(before), JSON.parse(data)];
    const areObjects = [old, value].every((one) => typeof one === "object" && one !== null);
    return areObjects ? JSON.stringify({ ...(old as object), ...(value as object) }) : data;
  }
}

function patternOf(prefix: string): RegExp {
  const pattern = RegExp.escape(prefix).replaceAll("\\*", ".*").replaceAll(/%/g, ".*");
  return new RegExp(`^${pattern}`);
}
