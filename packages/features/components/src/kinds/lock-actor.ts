import { type LockEnd, type LockResult, shownValue, TroupeError } from "@troupe/core";
import { type ActiveBehaviour, type ActorHost, defineBehaviour } from "@troupe/sdk";

/** What is stored of a resource. The fence stays when the lock is released or over. */
interface StoredLock {
  /** Undefined when nobody holds the lock. */
  readonly owner: string | undefined;
  readonly fence: number;
  /** Milliseconds since the Unix epoch, on the clock of the silo. */
  readonly endsAt: number;
}

const FREE: StoredLock = { owner: undefined, fence: 0, endsAt: 0 };

const SLOT = "lock";

/**
 * The lock of one resource. One activation takes one request after the other, and each answer
 * leaves when what it says is stored. So there is one holder at a time, and the fence only grows,
 * whichever silo is lost (K5).
 */
class ActiveLock implements ActiveBehaviour {
  readonly #host: ActorHost;

  constructor(host: ActorHost) {
    this.#host = host;
    host.slots.initialise(SLOT, FREE);
  }

  invoke(method: string, args: readonly unknown[]): LockResult | LockEnd {
    const [owner, ...numbers] = args;
    if (typeof owner !== "string" || numbers.some((one) => typeof one !== "number" || !(one >= 0)))
      throw new TroupeError("BAD_INPUT", `${method} with ${args.map(shownValue).join(", ")}`);
    const [first = 0, second = 0] = numbers.map(Number);
    switch (method) {
      case "tryAcquire":
        return this.#tryAcquire(owner, first);
      case "renew":
        return this.#end(owner, first, () => this.#write({ owner, fence: first }, second));
      default:
        return this.#end(owner, first, () => this.#write({ owner: undefined, fence: first }, 0));
    }
  }

  #tryAcquire(owner: string, ttlMs: number): LockResult {
    const { owner: holder, fence, endsAt } = this.#read();
    const isHeld = holder !== undefined && endsAt > this.#host.now();
    if (isHeld && holder !== owner) return { kind: "held" };
    const ownFence = isHeld ? fence : fence + 1;
    this.#write({ owner, fence: ownFence }, ttlMs);
    return { kind: "acquired", fence: ownFence };
  }

  #end(owner: string, fence: number, change: () => void): LockEnd {
    const lock = this.#read();
    const isHolder = lock.owner === owner && lock.fence === fence;
    if (!isHolder || lock.endsAt <= this.#host.now()) return { kind: "lost" };
    change();
    return { kind: "done" };
  }

  #read(): StoredLock {
    // Only this class writes the slot.
    return this.#host.slots.read(SLOT) as StoredLock;
  }

  #write(lock: Omit<StoredLock, "endsAt">, ttlMs: number): void {
    this.#host.slots.write(SLOT, { ...lock, endsAt: this.#host.now() + ttlMs });
  }
}

/** The name of the type of actors that `lock.builtin` works with. */
export const LOCK_ACTOR = "TroupeLock";

/**
 * The actors behind `lock.builtin`, one for each resource. Silos of the cluster host it:
 * `startSilo({ actors: [Account, lockActor] })`.
 */
export const lockActor = defineBehaviour(LOCK_ACTOR, {
  idleAfter: "1m",
  methods: { tryAcquire: { idempotent: true }, renew: { idempotent: true }, release: {} },
  state: { [SLOT]: {} },
  activate: (host) => new ActiveLock(host),
});
