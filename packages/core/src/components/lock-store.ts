/** The lock that somebody asks for. */
export interface LockRequest {
  readonly resource: string;
  /** Who asks. Each request that is not the repetition of another has an owner of its own. */
  readonly owner: string;
  /** Milliseconds after which the lock is free again, unless it is renewed. */
  readonly ttlMs: number;
}

/** A lock that was given. */
export interface HeldLock {
  readonly resource: string;
  readonly owner: string;
  readonly fence: number;
}

/** The answer to a request. */
export type LockResult =
  | {
      readonly kind: "acquired";
      /** Higher than that of every earlier holder of the resource. */
      readonly fence: number;
    }
  | { readonly kind: "held" };

/** The answer to a renewal or a release: whether the lock was still the owner's. */
export type LockEnd = { readonly kind: "done" } | { readonly kind: "lost" };

/**
 * Locks by resource: the port of `lock.*`.
 *
 * - **K5.** A resource has one holder at a time. Each holder's fence is higher than that of every
 *   earlier one, also after releases, ends of lifetimes and restarts, so that whoever is written to
 *   can refuse a late writer.
 * - An owner that asks again for what it holds gets the same fence, and a lifetime that begins now.
 *   So a request whose answer was lost can be made again.
 * - A lock whose time is over is free, and its former owner can neither renew nor release it.
 *
 * When the server is away, all reject with `COMPONENT_UNAVAILABLE` within seconds. Whether the lock
 * was given is then unknown, until its time is over.
 */
export interface LockStore {
  tryAcquire(request: LockRequest): Promise<LockResult>;
  /** Gives the lock a new lifetime that begins now. */
  renew(lock: HeldLock, ttlMs: number): Promise<LockEnd>;
  /** Frees the resource at once. */
  release(lock: HeldLock): Promise<LockEnd>;
  close(): Promise<void>;
}
