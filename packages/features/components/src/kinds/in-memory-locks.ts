import {
  type Clock,
  componentType,
  type HeldLock,
  type LockEnd,
  type LockRequest,
  type LockResult,
  type LockStore,
} from "@troupe/core";

interface KeptLock {
  readonly owner: string;
  readonly fence: number;
  /** On the monotonic clock. */
  readonly endsAt: number;
}

/** Locks that are tried for between two searches for those whose time is over. */
const SWEEP_EVERY = 1_000;

/** What lock stores in memory share that give the same locks. */
export class InMemoryLockTable {
  readonly held = new Map<string, KeptLock>();
  /**
   * One fence for all resources, so that a lock that is over need not be remembered for the sake of
   * its fence.
   */
  lastFence = 0;
  requests = 0;
}

/** Locks in the memory of this process. */
export class InMemoryLocks implements LockStore {
  readonly #table: InMemoryLockTable;
  readonly #clock: Clock;

  constructor(table: InMemoryLockTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  async tryAcquire({ resource, owner, ttlMs }: LockRequest): Promise<LockResult> {
    this.#sweep();
    const held = this.#find(resource);
    if (held !== undefined && held.owner !== owner) return { kind: "held" };
    const fence = held?.fence ?? ++this.#table.lastFence;
    this.#table.held.set(resource, { owner, fence, endsAt: this.#clock.monotonic() + ttlMs });
    return { kind: "acquired", fence };
  }

  async renew(lock: HeldLock, ttlMs: number): Promise<LockEnd> {
    if (!this.#isHeld(lock)) return { kind: "lost" };
    const { resource, owner, fence } = lock;
    this.#table.held.set(resource, { owner, fence, endsAt: this.#clock.monotonic() + ttlMs });
    return { kind: "done" };
  }

  async release(lock: HeldLock): Promise<LockEnd> {
    if (!this.#isHeld(lock)) return { kind: "lost" };
    this.#table.held.delete(lock.resource);
    return { kind: "done" };
  }

  async close(): Promise<void> {
    // The table belongs to whoever made it.
  }

  #isHeld({ resource, owner, fence }: HeldLock): boolean {
    const lock = this.#find(resource);
    return lock?.owner === owner && lock.fence === fence;
  }

  #find(resource: string): KeptLock | undefined {
    const lock = this.#table.held.get(resource);
    return lock !== undefined && lock.endsAt > this.#clock.monotonic() ? lock : undefined;
  }

  #sweep(): void {
    this.#table.requests++;
    if (this.#table.requests % SWEEP_EVERY !== 0) return;
    for (const resource of this.#table.held.keys())
      if (this.#find(resource) === undefined) this.#table.held.delete(resource);
  }
}

/** `lock.in-memory`. */
export const inMemoryLockType = componentType({
  type: "lock.in-memory",
  block: "lock",
  summary: "Locks in the memory of one process, for development and tests.",
  notes:
    "Only holders in the same process exclude each other, and fences begin again when it restarts.",
  metadata: {},
  open: async (_, { clock }) => new InMemoryLocks(new InMemoryLockTable(), clock),
});
