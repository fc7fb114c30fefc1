import type { HeldLock, LockEnd, LockRequest, LockResult, LockStore } from "@troupe/core";
import type { RedisConnection } from "./redis-connection.ts";

/** Between the parts of a key, as Dapr has it. */
const SEPARATOR = "||";

/** Locks in Redis, where those of Dapr are. */
export class RedisLocks implements LockStore {
  readonly #redis: RedisConnection;
  readonly #prefix: string;

  /** Components of one application share their locks. */
  constructor(redis: RedisConnection, appId: string) {
    this.#redis = redis;
    this.#prefix = `lock${SEPARATOR}${appId}${SEPARATOR}`;
  }

  async tryAcquire({ resource, owner, ttlMs }: LockRequest): Promise<LockResult> {
    const [lock, holders] = this.#keysOf(resource);
    const fence = await this.#redis.run((redis) =>
      redis.troupeAcquire(lock, holders, owner, Math.ceil(ttlMs)),
    );
    return fence === 0 ? { kind: "held" } : { kind: "acquired", fence };
  }

  renew(lock: HeldLock, ttlMs: number): Promise<LockEnd> {
    return this.#renew(lock, Math.max(1, Math.ceil(ttlMs)));
  }

  release(lock: HeldLock): Promise<LockEnd> {
    return this.#renew(lock, 0);
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  async #renew({ resource, owner, fence }: HeldLock, ttlMs: number): Promise<LockEnd> {
    const [lock, holders] = this.#keysOf(resource);
    const done = await this.#redis.run((redis) =>
      redis.troupeRenew(lock, holders, owner, fence, ttlMs),
    );
    return { kind: done === 1 ? "done" : "lost" };
  }

  #keysOf(resource: string): readonly [lock: string, holders: string] {
    const lock = this.#prefix + resource;
    // A resource cannot be so named that its lock is another one's count: that begins otherwise.
    return [lock, `fence${SEPARATOR}${lock}`];
  }
}
