import type { Clock, HeldLock, LockEnd, LockRequest, LockResult, LockStore } from "@troupe/core";

/** What a lock store can do wrong. */
export const LOCK_FLAWS = [
  "gives what is held",
  "refuses an owner that asks again",
  "gives an owner that asks again another fence",
  "gives an owner that asks again no new time",
  "gives an owner what it has released",
  "lets others in between its look and its write",
  "keeps locks in the handle",
  "forgets locks when it closes",
  "begins fences again after a release",
  "begins fences again after an end",
  "counts fences in each handle",
  "gives every holder the same fence",
  "never ends a lock",
  "ends a lock before its time",
  "ends a lock by its first time",
  "does nothing to renew",
  "renews for the longer time only",
  "renews what is over",
  "releases what is over",
  "releases for anybody",
  "renews for anybody",
  "looks at the owner only",
  "looks at the fence only",
  "releases nothing",
  "releases all locks of the owner",
  "says that a release was done again",
  "does not look at the case of resources",
] as const;

export type LockFlaw = (typeof LOCK_FLAWS)[number];

interface FlawedLock {
  readonly owner: string;
  readonly fence: number;
  readonly endsAt: number;
  readonly isReleased: boolean;
}

export type FlawedLocks = Map<string, FlawedLock>;

/** A lock store in memory with one flaw, or with none. */
export class FlawedLockStore implements LockStore {
  readonly #shared: FlawedLocks;
  readonly #own: FlawedLocks = new Map();
  readonly #clock: Clock;
  readonly #flaw: LockFlaw | undefined;
  #fences = 0;

  constructor(shared: FlawedLocks, clock: Clock, flaw: LockFlaw | undefined) {
    this.#shared = shared;
    this.#clock = clock;
    this.#flaw = flaw;
  }

  async tryAcquire({ resource, owner, ttlMs }: LockRequest): Promise<LockResult> {
    const lock = this.#find(resource);
    const isOwn = lock?.owner === owner && !this.#has("refuses an owner that asks again");
    if (lock !== undefined && !isOwn && !this.#has("gives what is held")) return { kind: "held" };
    if (this.#has("lets others in between its look and its write")) await Promise.resolve();
    const before = this.#locks().get(this.#keyOf(resource));
    if (lock !== undefined && isOwn && this.#has("gives an owner that asks again no new time"))
      return { kind: "acquired", fence: lock.fence };
    const isKept =
      before?.owner === owner &&
      (this.#has("gives an owner what it has released") ||
        (isOwn && !this.#has("gives an owner that asks again another fence")));
    const fence = isKept ? before.fence : this.#nextFence(before);
    const factor = this.#has("ends a lock before its time") ? 0.1 : 1;
    const endsAt = this.#has("never ends a lock")
      ? Number.POSITIVE_INFINITY
      : this.#clock.monotonic() + ttlMs * factor;
    this.#write(resource, { owner, fence, endsAt, isReleased: false });
    return { kind: "acquired", fence };
  }

  async renew(lock: HeldLock, ttlMs: number): Promise<LockEnd> {
    const kept = this.#locks().get(this.#keyOf(lock.resource));
    const found = this.#has("renews what is over") ? kept : this.#find(lock.resource);
    if (found === undefined || !this.#isHolder(found, lock, "renews for anybody"))
      return { kind: "lost" };
    const endsAt = this.#clock.monotonic() + ttlMs;
    const isUnchanged =
      this.#has("does nothing to renew") ||
      this.#has("ends a lock by its first time") ||
      (this.#has("renews for the longer time only") && endsAt < found.endsAt);
    if (!isUnchanged) this.#write(lock.resource, { ...found, endsAt });
    return { kind: "done" };
  }

  async release(lock: HeldLock): Promise<LockEnd> {
    const kept = this.#locks().get(this.#keyOf(lock.resource));
    const found = this.#has("releases what is over") ? kept : this.#find(lock.resource);
    if (found === undefined || !this.#isHolder(found, lock, "releases for anybody"))
      return { kind: this.#has("says that a release was done again") ? "done" : "lost" };
    if (!this.#has("releases nothing")) this.#write(lock.resource, { ...found, isReleased: true });
    if (this.#has("releases all locks of the owner"))
      for (const [key, other] of this.#locks())
        if (other.owner === lock.owner) this.#locks().set(key, { ...other, isReleased: true });
    return { kind: "done" };
  }

  async close(): Promise<void> {
    if (this.#has("forgets locks when it closes")) this.#shared.clear();
  }

  #has(flaw: LockFlaw): boolean {
    return this.#flaw === flaw;
  }

  #locks(): FlawedLocks {
    return this.#has("keeps locks in the handle") ? this.#own : this.#shared;
  }

  #keyOf(resource: string): string {
    return this.#has("does not look at the case of resources") ? resource.toLowerCase() : resource;
  }

  #find(resource: string): FlawedLock | undefined {
    const lock = this.#locks().get(this.#keyOf(resource));
    if (lock === undefined || lock.isReleased) return undefined;
    return lock.endsAt > this.#clock.monotonic() ? lock : undefined;
  }

  #write(resource: string, lock: FlawedLock): void {
    this.#locks().set(this.#keyOf(resource), lock);
  }

  #nextFence(before: FlawedLock | undefined): number {
    if (this.#has("gives every holder the same fence")) return 1;
    if (this.#has("counts fences in each handle")) return ++this.#fences;
    const isForgotten =
      before?.isReleased === true
        ? this.#has("begins fences again after a release")
        : this.#has("begins fences again after an end");
    return before === undefined || isForgotten ? 1 : before.fence + 1;
  }

  #isHolder(
    found: FlawedLock,
    { owner, fence }: HeldLock,
    anybody: "renews for anybody" | "releases for anybody",
  ): boolean {
    if (this.#has(anybody)) return true;
    const isOwner = found.owner === owner || this.#has("looks at the fence only");
    return isOwner && (found.fence === fence || this.#has("looks at the owner only"));
  }
}
