import {
  TroupeError,
  type Clock,
  follow,
  type InForceByType,
  type Lease,
  type Member,
  type Scheduled,
  type View,
} from "@troupe/core";

interface Registration {
  readonly lease: Lease;
  member: Member;
  expiresAt: number;
  timer: Scheduled;
}

/**
 * The membership records of one cluster, which the silos of a process share: what etcd is to silos
 * of many machines.
 *
 * REG-1. Every change of a record makes the next revision and is shown to every observer, in order.
 *     The first revision is the wall clock, so a registry that is made anew counts on.
 * REG-2. A registration ends when its lease was not renewed for its time on `clock`, not sooner,
 *     except by `remove` or `evict`.
 */
export class MemoryRegistry {
  readonly #clock: Clock;
  readonly #registrations = new Map<string, Registration>();
  readonly #observers = new Set<(view: View) => void>();
  #view: View;
  #inForce: InForceByType | undefined;
  #identity: string | undefined;
  #hasHadMember = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#view = { revision: Math.max(0, Math.floor(clock.now())), members: [] };
  }

  /** The members as they are now. */
  get view(): View {
    return this.#view;
  }

  /** True once a member was registered, also when it has gone since. */
  get hasHadMember(): boolean {
    return this.#hasHadMember;
  }

  /** As `MembershipProvider.identity`. */
  identity(suggested: string): string {
    this.#identity ??= suggested;
    return this.#identity;
  }

  /** As `MembershipProvider.putInForce`. */
  putInForce(next: InForceByType): "done" | "changed" {
    if (!follow(next, this.#inForce)) return "changed";
    this.#inForce = { ...this.#inForce, ...structuredClone(next) };
    this.#publish();
    return "done";
  }

  /** As `MembershipProvider.raise`. */
  raise(revision: number): void {
    if (this.#view.revision < revision) this.#publish(revision);
  }

  /** Calls `observer` at once for every later view, until the returned function is called. */
  observe(observer: (view: View) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  register(member: Member, ttlMs: number): Lease {
    const { siloId } = member;
    if (this.#registrations.has(siloId)) {
      throw new TroupeError(
        "BAD_CONFIG",
        `silo ${siloId} is registered already; every start of a silo takes a new id`,
      );
    }
    this.#hasHadMember = true;
    const lease: Lease = { siloId, ttlMs };
    const expiresAt = this.#clock.monotonic() + ttlMs;
    this.#registrations.set(siloId, {
      lease,
      member: structuredClone(member),
      expiresAt,
      timer: this.#expireIn(lease, ttlMs),
    });
    this.#publish();
    return lease;
  }

  renew(lease: Lease): "alive" | "gone" {
    const registration = this.#find(lease);
    if (registration === undefined) return "gone";
    registration.timer.cancel();
    registration.expiresAt = this.#clock.monotonic() + lease.ttlMs;
    registration.timer = this.#expireIn(lease, lease.ttlMs);
    return "alive";
  }

  update(lease: Lease, member: Member): "done" | "gone" {
    const registration = this.#find(lease);
    if (registration === undefined) return "gone";
    registration.member = structuredClone(member);
    this.#publish();
    return "done";
  }

  remove(lease: Lease): void {
    const registration = this.#find(lease);
    if (registration !== undefined) this.#drop(registration);
  }

  evict(siloId: string): "evicted" | "gone" {
    const registration = this.#registrations.get(siloId);
    if (registration === undefined) return "gone";
    this.#drop(registration);
    return "evicted";
  }

  /**
   * The lease's registration, unless it is over: a later one of the same silo has another lease.
   */
  #find(lease: Lease): Registration | undefined {
    const registration = this.#registrations.get(lease.siloId);
    return registration?.lease === lease ? registration : undefined;
  }

  #expireIn(lease: Lease, delayMs: number): Scheduled {
    return this.#clock.schedule(delayMs, () => {
      const registration = this.#find(lease);
      if (registration !== undefined) this.#drop(registration);
    });
  }

  #drop({ lease, timer }: Registration): void {
    timer.cancel();
    this.#registrations.delete(lease.siloId);
    this.#publish();
  }

  #publish(revision = this.#view.revision + 1): void {
    const members = Array.from(this.#registrations.values(), ({ member }) => member);
    const sorted = members.toSorted((a, b) => (a.siloId < b.siloId ? -1 : 1));
    const inForce = this.#inForce;
    this.#view = { revision, members: sorted, ...(inForce === undefined ? {} : { inForce }) };
    for (const observer of this.#observers) observer(this.#view);
  }
}
