import {
  type InForceByType,
  TroupeError,
  type Lease,
  type Member,
  type MembershipProvider,
  type View,
  type ViewListener,
  type ViewWatch,
} from "@troupe/core";
import type { MemoryRegistry } from "./memory-registry.ts";

/**
 * One silo's or client's way to a `MemoryRegistry`. It can be cut off, as from a store that is
 * away: then every call rejects and every watch is broken, while leases run on.
 */
export class MemoryMembership implements MembershipProvider {
  readonly #registry: MemoryRegistry;
  readonly #watches = new Set<MemoryWatch>();
  #state: "open" | "cut off" | "closed" = "open";

  constructor(registry: MemoryRegistry) {
    this.#registry = registry;
  }

  async register(member: Member, ttlMs: number): Promise<Lease> {
    this.#checkReach();
    return this.#registry.register(member, ttlMs);
  }

  async renew(lease: Lease): Promise<"alive" | "gone"> {
    this.#checkReach();
    return this.#registry.renew(lease);
  }

  async update(lease: Lease, member: Member): Promise<"done" | "gone"> {
    this.#checkReach();
    return this.#registry.update(lease, member);
  }

  async remove(lease: Lease): Promise<void> {
    this.#checkReach();
    this.#registry.remove(lease);
  }

  async evict(siloId: string): Promise<"evicted" | "gone"> {
    this.#checkReach();
    return this.#registry.evict(siloId);
  }

  async putInForce(next: InForceByType): Promise<"done" | "changed"> {
    this.#checkReach();
    return this.#registry.putInForce(next);
  }

  async list(): Promise<View> {
    this.#checkReach();
    return this.#registry.view;
  }

  async identity(suggested: string): Promise<string> {
    this.#checkReach();
    return this.#registry.identity(suggested);
  }

  async raise(revision: number): Promise<void> {
    this.#checkReach();
    this.#registry.raise(revision);
  }

  async watch(listener: ViewListener): Promise<ViewWatch> {
    this.#checkReach();
    const watch = new MemoryWatch(this.#registry, listener, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    watch.follow();
    await watch.delivered();
    return watch;
  }

  /** Takes the store out of reach, until `reconnect`. */
  cutOff(): void {
    if (this.#state !== "open") return;
    this.#state = "cut off";
    for (const watch of this.#watches) watch.breakOff(unreachable());
  }

  /** Brings the store back into reach: every watch gets the view of now, changed or not. */
  reconnect(): void {
    if (this.#state !== "cut off") return;
    this.#state = "open";
    for (const watch of this.#watches) watch.follow();
  }

  async close(): Promise<void> {
    this.#state = "closed";
    for (const watch of this.#watches) await watch.close();
  }

  #checkReach(): void {
    switch (this.#state) {
      case "open":
        return;
      case "cut off":
        throw unreachable();
      case "closed":
        throw new TroupeError("CLUSTER_UNAVAILABLE", "this membership provider was closed", {
          retryable: false,
        });
    }
  }
}

function unreachable(): TroupeError {
  return new TroupeError(
    "CLUSTER_UNAVAILABLE",
    "the memory registry is out of reach; it was cut off",
  );
}

/**
 * Gives views to one listener, each in a microtask of its own, so that no listener runs inside of
 * the change that it is told.
 */
class MemoryWatch implements ViewWatch {
  readonly #registry: MemoryRegistry;
  readonly #listener: ViewListener;
  readonly #onClose: () => void;
  #stopFollowing: () => void = () => undefined;
  #delivered: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(registry: MemoryRegistry, listener: ViewListener, onClose: () => void) {
    this.#registry = registry;
    this.#listener = listener;
    this.#onClose = onClose;
  }

  /** Gives the view of now, and each later one. */
  follow(): void {
    const { view } = this.#registry;
    this.#give(view);
    this.#stopFollowing = this.#registry.observe((later) => this.#give(later));
  }

  breakOff(error: Error): void {
    this.#stopFollowing();
    this.#deliver(() => this.#listener.onBroken(error));
  }

  /** Resolves when everything up to now was given. */
  delivered(): Promise<void> {
    return this.#delivered;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopFollowing();
    this.#onClose();
  }

  /** The registry counts its views one by one. */
  #give(view: View): void {
    this.#deliver(() => this.#listener.onView(view, view.revision - 1));
  }

  #deliver(tell: () => void): void {
    const earlier = this.#delivered;
    this.#delivered = (async () => {
      await earlier;
      if (!this.#closed) tell();
    })();
  }
}
