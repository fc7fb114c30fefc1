import {
  type InForceByType,
  type Lease,
  type MembershipProvider,
  TroupeError,
  type View,
  type ViewListener,
} from "@troupe/core";
import type { VirtualClock } from "@troupe/testkit";
import type { SimProcess } from "./sim-process.ts";
import type { SimRegistry } from "./sim-registry.ts";
import type { Access, SimService } from "./sim-service.ts";
import type { Trace } from "./trace.ts";

/** Share of the views that are replaced by the next one if that comes before they were given. */
const SKIPPED_SHARE = 0.4;

/** A watch that broke is noticed, or begun again, within so long. */
const BROKEN_MS = 1_000;

const HIDDEN_SHARE = 0.7;
const HIDDEN_LAG_MS = 8_000;

/**
 * A time that was reached by adding up differs from the one that was asked for in its last digits.
 */
const ROUNDING_MS = 0.001;

export interface SimMembershipParts {
  readonly clock: VirtualClock;
  readonly service: SimService;
  readonly registry: SimRegistry;
  readonly trace: Trace;
  readonly random: { next(): number };
  /**
   * Of a silo that has become active the process learns up to this much later than the way to the
   * registry takes.
   */
  readonly viewLagMs: number;
}

/** What a mutation does with the membership port of a process. */
export interface MembershipMutation {
  /** Registrations last this long, whatever the silo asked for, and are renewed behind its back. */
  readonly leaseTtlMs?: number;
  /** A watch begins with the changes after its first view was given, not after it was read. */
  readonly losesViews?: boolean;
  /** A view that the process is given just before the one that is due. */
  readonly toldBefore?: (view: View, before: View | undefined) => View | undefined;
  /** The process is told of each view that it followed the last one that it was given. */
  readonly hidesGaps?: boolean;
  /** What the process is shown of a view. */
  readonly shows?: (view: View) => View;
  /** What the registry takes of what is to be in force. */
  readonly takes?: (next: InForceByType) => InForceByType;
  /** Called after a view was given. */
  readonly onViewGiven?: (view: View) => void;
}

/**
 * The way of one process to the registry: calls that take time and fail, views that come late and
 * in jumps, and cuts.
 */
export class SimMembership implements MembershipProvider {
  readonly #parts: SimMembershipParts;
  readonly #process: SimProcess;
  readonly #mutation: MembershipMutation;
  readonly #feeds = new Set<Feed>();

  constructor(process: SimProcess, parts: SimMembershipParts, mutation: MembershipMutation = {}) {
    this.#process = process;
    this.#parts = parts;
    this.#mutation = mutation;
  }

  async register(
    member: Parameters<MembershipProvider["register"]>[0],
    ttlMs: number,
  ): Promise<Lease> {
    const { registry } = this.#parts;
    this.#process.siloId = member.siloId;
    const lastsMs = this.#mutation.leaseTtlMs ?? ttlMs;
    const lease = await this.#call(
      `register ${member.siloId}`,
      () => registry.register(member, lastsMs),
      "add",
    );
    if (this.#mutation.leaseTtlMs !== undefined) this.#keepAlive(lease);
    return lease;
  }

  renew(lease: Lease): Promise<"alive" | "gone"> {
    return this.#call(`renew ${lease.siloId}`, () => this.#parts.registry.renew(lease));
  }

  update(
    lease: Lease,
    member: Parameters<MembershipProvider["update"]>[1],
  ): Promise<"done" | "gone"> {
    return this.#call(
      `update ${lease.siloId} ${member.state}`,
      () => this.#parts.registry.update(lease, member),
      "add",
    );
  }

  remove(lease: Lease): Promise<void> {
    return this.#call(`remove ${lease.siloId}`, () => this.#parts.registry.remove(lease), "take");
  }

  evict(siloId: string): Promise<"evicted" | "gone"> {
    return this.#call(`evict ${siloId}`, () => this.#parts.registry.evict(siloId), "take");
  }

  list(): Promise<View> {
    return this.#call("list", () => this.#parts.registry.view);
  }

  identity(suggested: string): Promise<string> {
    return this.#call("identity", () => this.#parts.registry.identity(suggested));
  }

  putInForce(next: InForceByType): Promise<"done" | "changed"> {
    return this.#call(
      `put in force ${Object.entries(next)
        .map(([type, { change }]) => `${type} ${change}`)
        .join(", ")}`,
      () => this.#parts.registry.putInForce(this.#mutation.takes?.(next) ?? next),
      "add",
    );
  }

  raise(revision: number): Promise<void> {
    return this.#call("raise", () => this.#parts.registry.raise(revision), "add");
  }

  async watch(listener: ViewListener): Promise<{ close(): Promise<void> }> {
    const feed = await this.#call(
      "watch",
      () => new Feed(this.#process, { ...this.#parts, mutation: this.#mutation }, listener),
    );
    this.#feeds.add(feed);
    feed.follow();
    await feed.first;
    return {
      close: async () => {
        this.#feeds.delete(feed);
        feed.stop();
      },
    };
  }

  /**
   * The process can no longer reach the registry: what it watches falls silent, and it notices in a
   * moment.
   */
  cutOff(): void {
    for (const feed of this.#feeds) feed.breakOff();
  }

  /**
   * What was cut off goes on with the current view. What was not has missed nothing, or is to be
   * found out.
   */
  reconnect(): void {
    for (const feed of this.#feeds) if (feed.isCutOff) feed.follow();
  }

  close(): Promise<void> {
    for (const feed of this.#feeds) feed.stop();
    return Promise.resolve();
  }

  #call<T>(what: string, effect: () => T, access?: Access): Promise<T> {
    const { service, registry } = this.#parts;
    const read = (): T => {
      registry.read(readerOf(this.#process));
      return effect();
    };
    return service.call(this.#process, what, read, access);
  }

  #keepAlive(lease: Lease): void {
    this.#process.clock.schedule(lease.ttlMs / 4, () => void this.#renewAgain(lease));
  }

  async #renewAgain(lease: Lease): Promise<void> {
    const result = await this.renew(lease).catch(() => "alive");
    if (result === "alive") this.#keepAlive(lease);
  }
}

function readerOf({ clock, seenRevision }: SimProcess): { now: number; seen: number } {
  return { now: clock.now(), seen: seenRevision };
}

interface FeedParts extends SimMembershipParts {
  readonly mutation: MembershipMutation;
}

/**
 * Brings views to one listener in order, each after a time, some never because a later one took
 * their place.
 */
class Feed {
  readonly first: Promise<void>;
  isCutOff = false;
  readonly #process: SimProcess;
  readonly #parts: FeedParts;
  readonly #listener: ViewListener;
  readonly #gaveFirst: () => void;
  #waiting: { view: View; at: number }[] = [];
  #unfollow: () => void = () => undefined;
  #isStopped = false;
  #active = 0;
  #given: View | undefined;

  constructor(process: SimProcess, parts: FeedParts, listener: ViewListener) {
    this.#process = process;
    this.#parts = parts;
    this.#listener = listener;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.first = promise;
    this.#gaveFirst = resolve;
  }

  follow(): void {
    if (this.#isStopped) return;
    this.isCutOff = false;
    this.#unfollow();
    const { registry, mutation, clock, service } = this.#parts;
    this.#offer(registry.read(readerOf(this.#process)));
    const observe = (): void => {
      if (this.#isStopped) return;
      this.#unfollow = registry.observe(
        (view) => this.#offer(view),
        () => this.#lose(),
      );
    };
    const gapMs = this.#lastAt() - clock.monotonic() + service.delay(this.#process);
    if (mutation.losesViews === true) clock.schedule(gapMs, observe);
    else observe();
  }

  stop(): void {
    this.#isStopped = true;
    this.#unfollow();
  }

  breakOff(): void {
    this.isCutOff = true;
    this.#unfollow();
    this.#waiting = [];
    this.#parts.clock.schedule(this.#parts.random.next() * BROKEN_MS, () =>
      this.#process.enter("watch", () => {
        if (!this.#isStopped)
          this.#listener.onBroken(new TroupeError("CLUSTER_UNAVAILABLE", "the watch was cut off"));
      }),
    );
  }

  /** What it watches is gone: it reads again in a moment, unless it cannot reach the registry. */
  #lose(): void {
    const { clock, random, service } = this.#parts;
    this.breakOff();
    clock.schedule(random.next() * BROKEN_MS, () => {
      if (this.isCutOff && !service.isAwayFor(this.#process)) this.follow();
    });
  }

  #offer(view: View): void {
    const { clock, service, random, viewLagMs } = this.#parts;
    const soonest = clock.monotonic() + service.delay(this.#process);
    // A mutant that hides gaps needs some, so its views come late and are often skipped.
    const hidesGaps = this.#parts.mutation.hidesGaps === true;
    const lateMs = hidesGaps ? HIDDEN_LAG_MS : viewLagMs;
    const lagMs = this.#isArrival(view) || hidesGaps ? random.next() * lateMs : 0;
    // A silo that leaves answers only for a moment those who call it still, so nobody learns of
    // that much later.
    if (lagMs === 0)
      for (const waiting of this.#waiting) waiting.at = Math.min(waiting.at, soonest);
    const last = this.#waiting.at(-1);
    const skippedShare = hidesGaps ? HIDDEN_SHARE : SKIPPED_SHARE;
    const isSkipped = last !== undefined && random.next() < skippedShare;
    const at = Math.max(this.#lastAt(), isSkipped ? 0 : soonest + lagMs);
    if (isSkipped) last.view = view;
    else this.#waiting.push({ view, at });
    clock.schedule(at - clock.monotonic(), () => this.#deliver());
  }

  /** The registry counts its views one by one. */
  #before({ revision }: View): number {
    const given = this.#given?.revision;
    return this.#parts.mutation.hidesGaps === true && given !== undefined ? given : revision - 1;
  }

  #isArrival(view: View): boolean {
    const before = this.#active;
    this.#active = view.members.filter(({ state }) => state === "active").length;
    return this.#active > before;
  }

  #lastAt(): number {
    return this.#waiting.at(-1)?.at ?? 0;
  }

  #reread({ revision }: View): void {
    const { registry } = this.#parts;
    if (!this.#isStopped && registry.view.revision === revision)
      registry.read(readerOf(this.#process));
  }

  #deliver(): void {
    const { clock, trace, mutation } = this.#parts;
    const now = clock.monotonic() + ROUNDING_MS;
    for (
      let next = this.#waiting[0];
      next !== undefined && next.at <= now;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      const { view } = next;
      this.#process.enter("watch", () => {
        // Whoever brought the numbers up again after a wipe may have seen less than this process.
        if (this.#isStopped || view.revision < this.#process.seenRevision)
          return this.#reread(view);
        const members = view.members.map(({ siloId, state }) => `${siloId} ${state}`).join(", ");
        trace.add("member", `${this.#process.name}: sees r${view.revision} (${members})`);
        const first = mutation.toldBefore?.(view, this.#given);
        if (first !== undefined) this.#listener.onView(first);
        this.#process.seenRevision = view.revision;
        this.#listener.onView(mutation.shows?.(view) ?? view, this.#before(view));
        this.#given = view;
        mutation.onViewGiven?.(view);
        this.#gaveFirst();
      });
    }
  }
}
