import {
  componentType,
  type ComponentTypeOf,
  type HeldLock,
  type LockEnd,
  type LockRequest,
  type LockResult,
  type LockStore,
  TroupeError,
} from "@troupe/core";
import type { UntypedActorRef } from "@troupe/sdk";
import { LOCK_ACTOR } from "./lock-actor.ts";

/** Whoever calls actors: a silo, or what `connect` gives. */
export interface ActorCaller {
  actor(type: string, id: string): UntypedActorRef;
}

/** Locks that actors of the cluster hold. */
export class ActorLocks implements LockStore {
  readonly #caller: ActorCaller;
  readonly #name: string;

  /** Components of one name share their locks, whichever process has them. */
  constructor(caller: ActorCaller, name: string) {
    this.#caller = caller;
    this.#name = name;
  }

  async tryAcquire({ resource, owner, ttlMs }: LockRequest): Promise<LockResult> {
    // What the actor of this name gives.
    return (await this.#call(resource, "tryAcquire", owner, ttlMs)) as LockResult;
  }

  async renew({ resource, owner, fence }: HeldLock, ttlMs: number): Promise<LockEnd> {
    return (await this.#call(resource, "renew", owner, fence, ttlMs)) as LockEnd;
  }

  async release({ resource, owner, fence }: HeldLock): Promise<LockEnd> {
    return (await this.#call(resource, "release", owner, fence)) as LockEnd;
  }

  async close(): Promise<void> {
    // The caller belongs to whoever made it, and the locks stay.
  }

  async #call(resource: string, method: string, ...args: readonly unknown[]): Promise<unknown> {
    const reference = this.#caller.actor(LOCK_ACTOR, `${this.#name}/${resource}`);
    try {
      return await reference[method]?.(...args);
    } catch (error) {
      if (!(error instanceof TroupeError) || error.code === "BAD_INPUT") throw error;
      const hint =
        error.code === "NO_SUCH_ACTOR_TYPE"
          ? "; start silos with the option components, or add lockActor to their actors"
          : "";
      throw new TroupeError("COMPONENT_UNAVAILABLE", `${error.detail}${hint}`, {
        cause: error,
        ran: error.ran,
        retryable: error.retryable,
      });
    }
  }
}

/** `lock.builtin`, for components that call actors through this silo or this client. */
export function builtinLockType(caller?: ActorCaller): ComponentTypeOf<"lock"> {
  return componentType({
    type: "lock.builtin",
    block: "lock",
    summary: "Locks that actors of the cluster hold. Nothing has to be installed.",
    notes:
      "A silo with the option `components` hosts the actors. A client needs such a silo in its cluster, and `openComponents` needs a silo or a client as `actors`. Components of one name share their locks, in every process of the cluster. A lock and its fence are stored before the holder hears of them, so they survive the loss of every silo. Lifetimes go by the clock of the silo that owns the lock: a clock that jumps, or that of the next owner, may end one too early, which is what the fence is for. Each resource that was ever locked stays stored, because its fence must never begin again.",
    metadata: {},
    open: async (_, { name }) => {
      if (caller !== undefined) return new ActorLocks(caller, name);
      throw new TroupeError("BAD_CONFIG", "give openComponents a silo or a client as `actors`");
    },
  });
}
