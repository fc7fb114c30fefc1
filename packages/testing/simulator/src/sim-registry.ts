import type { Clock, InForceByType, Lease, Member, View } from "@troupe/core";
import { MemoryRegistry } from "@troupe/memory";

/** The first change of a record in a wiped etcd has about this revision. */
const FIRST_CHANGE = 5;

interface Observer {
  readonly onView: (view: View) => void;
  readonly onWiped: () => void;
}

/**
 * The registry of a run, which may lose all that it has.
 *
 * A wiped registry has no members, no leases and no identity, and counts from 0 again, as a wiped
 * etcd does. Whoever watched it is told that it is gone, not what came of it. Whoever reads it
 * after that brings its numbers above the wall clock and above all that the reader has seen
 * (VIEW-3).
 */
export class SimRegistry {
  readonly #clock: Clock;
  readonly #observers = new Set<Observer>();
  #current: MemoryRegistry;
  #hasBase = true;
  #wipes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#current = this.#follow(new MemoryRegistry(clock));
  }

  get view(): View {
    return this.#current.view;
  }

  get wasWiped(): boolean {
    return this.#wipes > 0;
  }

  /** Loses everything. */
  wipe(): void {
    const clock: Clock = {
      now: () => 0,
      monotonic: () => this.#clock.monotonic(),
      schedule: (delayMs, callback) => this.#clock.schedule(delayMs, callback),
    };
    this.#wipes++;
    this.#hasBase = false;
    this.#current = this.#follow(new MemoryRegistry(clock));
    for (const { onWiped } of Array.from(this.#observers)) onWiped();
  }

  /** Somebody whose wall clock is `now` reads it, who has seen views up to that number. */
  read({ now, seen }: { readonly now: number; readonly seen: number }): View {
    if (!this.#hasBase || this.view.revision < seen) {
      this.#hasBase = true;
      this.#current.raise(Math.max(Math.floor(now), seen) + FIRST_CHANGE);
    }
    return this.view;
  }

  /** Calls back for every later view and when it is wiped, until what it gives is called. */
  observe(onView: Observer["onView"], onWiped: Observer["onWiped"] = () => undefined): () => void {
    const observer = { onView, onWiped };
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  identity(suggested: string): string {
    return this.#current.identity(suggested);
  }

  putInForce(next: InForceByType): "done" | "changed" {
    return this.#current.putInForce(next);
  }

  raise(revision: number): void {
    this.#current.raise(revision);
  }

  register(member: Member, ttlMs: number): Lease {
    return this.#current.register(member, ttlMs);
  }

  renew(lease: Lease): "alive" | "gone" {
    return this.#current.renew(lease);
  }

  update(lease: Lease, member: Member): "done" | "gone" {
    return this.#current.update(lease, member);
  }

  remove(lease: Lease): void {
    this.#current.remove(lease);
  }

  evict(siloId: string): "evicted" | "gone" {
    return this.#current.evict(siloId);
  }

  /** Shows the changes of `registry` for as long as it is the one. */
  #follow(registry: MemoryRegistry): MemoryRegistry {
    registry.observe((view) => {
      if (registry !== this.#current) return;
      for (const { onView } of Array.from(this.#observers)) onView(view);
    });
    return registry;
  }
}
