import {
  type Clock,
  componentType,
  type StateCapabilities,
  type StateChange,
  type StateComponent,
  type StateCondition,
  type StateItem,
  type StateKeyPage,
  type StateKeyQuery,
  type StateWritten,
  type TransactionResult,
} from "@troupe/core";

interface KeptItem extends StateItem {
  /** On the monotonic clock. */
  readonly endsAt: number;
}

/** Writes between two searches for items whose time is over. */
const SWEEP_EVERY = 1_000;

/** What state components in memory share that work on the same items. */
export class InMemoryItems {
  readonly items = new Map<string, KeptItem>();
  /** No etag comes twice, also for a key that was removed in between. */
  lastEtag = 0;
  writes = 0;
}

/** Items in the memory of this process. They are gone when it ends. */
export class InMemoryState implements StateComponent {
  readonly capabilities: StateCapabilities = {
    conditions: true,
    ttl: true,
    transactions: true,
    keys: true,
    strongReads: true,
  };
  readonly #kept: InMemoryItems;
  readonly #clock: Clock;

  constructor(kept: InMemoryItems, clock: Clock) {
    this.#kept = kept;
    this.#clock = clock;
  }

  async read(keys: readonly string[]): Promise<readonly (StateItem | undefined)[]> {
    return keys.map((key) => {
      const item = this.#find(key);
      return item && { data: item.data, etag: item.etag };
    });
  }

  async write(changes: readonly StateChange[]): Promise<readonly StateWritten[]> {
    return changes.map((change) =>
      this.#holds(change.key, change.condition) ? this.#apply(change) : { kind: "conflict" },
    );
  }

  async transact(changes: readonly StateChange[]): Promise<TransactionResult> {
    const refused = changes.find(({ key, condition }) => !this.#holds(key, condition));
    if (refused !== undefined) return { kind: "conflict", key: refused.key };
    for (const change of changes) this.#apply(change);
    return { kind: "stored" };
  }

  async listKeys({ prefix, after, limit }: StateKeyQuery): Promise<StateKeyPage> {
    const rest = [...this.#kept.items.keys()]
      .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
      .filter((key) => this.#find(key) !== undefined)
      .toSorted(byCodeUnits);
    const keys = rest.slice(0, limit);
    return { keys, next: rest.length > limit ? keys.at(-1) : undefined };
  }

  async close(): Promise<void> {
    // The items belong to whoever made them.
  }

  #find(key: string): KeptItem | undefined {
    const item = this.#kept.items.get(key);
    return item !== undefined && item.endsAt > this.#clock.monotonic() ? item : undefined;
  }

  #holds(key: string, condition: StateCondition | undefined): boolean {
    if (condition === undefined) return true;
    const item = this.#find(key);
    switch (condition.kind) {
      case "etag":
        return item?.etag === condition.etag;
      case "absent":
        return item === undefined;
    }
  }

  #apply(change: StateChange): StateWritten {
    this.#sweep();
    if (change.kind === "delete") {
      this.#kept.items.delete(change.key);
      return { kind: "stored", etag: undefined };
    }
    const { key, data, ttlMs } = change;
    const etag = String(++this.#kept.lastEtag);
    const endsAt = this.#clock.monotonic() + (ttlMs ?? Number.POSITIVE_INFINITY);
    this.#kept.items.set(key, { data, etag, endsAt });
    return { kind: "stored", etag };
  }

  #sweep(): void {
    this.#kept.writes++;
    if (this.#kept.writes % SWEEP_EVERY !== 0) return;
    for (const key of this.#kept.items.keys())
      if (this.#find(key) === undefined) this.#kept.items.delete(key);
  }
}

function byCodeUnits(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** `state.in-memory`. */
export const inMemoryStateType = componentType({
  type: "state.in-memory",
  block: "state",
  summary: "Items in the memory of one process, for development and tests.",
  notes:
    "Nothing is stored: items are gone when the process ends, and no other process sees them. Each component has items of its own.",
  metadata: {},
  open: async (_, { clock }) => new InMemoryState(new InMemoryItems(), clock),
});
