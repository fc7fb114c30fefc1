import {
  type Clock,
  Condition,
  type Link,
  type Logger,
  messageOf,
  type Scheduled,
  type View,
} from "@troupe/core";
import { isOfOneMachine } from "./one-machine-address.ts";

const PROBE_EVERY_MS = 1_000;

/**
 * A link on which nothing came for this long is closed, and dialled again. Three probes, so that
 * one lost moment is not a fault.
 */
const SILENT_MS = 3_000;

/**
 * A look that comes this much too late says that this process itself stood still: then nobody is
 * judged by it.
 */
const STALL_MS = 500;

/**
 * A silo that has had no link with most of the others for this long is cut off, whatever the
 * membership store says.
 */
const ISOLATED_MS = 10_000;

/** How long a silo that is asked whether another one is gone waits to find out. */
const WITNESS_MS = 500;

export interface FailureDetectorParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds of a lease: no more than a few silos are evicted in that time. */
  readonly leaseTtlMs: number;
  view(): View;
  linkTo(siloId: string): Link | undefined;
  /** Takes a silo out of the cluster. */
  evict(siloId: string): Promise<"evicted" | "gone">;
  /** Asks a silo whether it, too, finds that nothing listens any more where another one was. */
  confirmsGone(witness: string, siloId: string): Promise<boolean>;
  /** This silo cannot reach most of the others. */
  onIsolated(): void;
}

/**
 * Which silos are gone, sooner than their leases tell.
 *
 * DET-1. A silo is evicted only on proof that its process is gone: the link broke and its address
 *     refuses connections. One that is silent may still run turns, so it is waited for until its
 *     lease ends (C1); and so is one that gave a host name for its address.
 * DET-2. Where there are three silos or more, a second one has to find the same; and no silo evicts
 *     more than a third of the others (at least one) within the time of a lease: so one sick silo
 *     cannot empty the cluster.
 * DET-3. A silo that stood still itself judges nobody by it.
 * DET-4. A silo that has no link with most of the others leaves the cluster, though its lease
 *        lives.
 */
export class FailureDetector {
  readonly #parts: FailureDetectorParts;
  readonly #heardAt = new Map<Link, number>();
  /** When this silo evicted others, on the monotonic clock. */
  #evictions: number[] = [];
  /** Silos whose addresses refused lately, and when. */
  readonly #refusedAt = new Map<string, number>();
  /** Another silo was found gone. */
  readonly #found: Condition;
  #isolatedSince: number | undefined;
  #lookedAt = 0;
  #timer: Scheduled | undefined;
  #nonce = 0;

  constructor(parts: FailureDetectorParts) {
    this.#parts = parts;
    this.#found = new Condition(parts.clock);
  }

  start(): void {
    this.#lookedAt = this.#parts.clock.monotonic();
    this.#lookLater();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Something came over the link. */
  heard(link: Link): void {
    this.#heardAt.set(link, this.#parts.clock.monotonic());
  }

  /** Nothing listens any more at the address of a silo with which this one had a link. */
  async refused(siloId: string): Promise<void> {
    const { clock, logger } = this.#parts;
    const { members } = this.#parts.view();
    const suspect = members.find((member) => member.siloId === siloId);
    if (suspect === undefined || !isOfOneMachine(suspect.address)) return;
    this.#refusedAt.set(siloId, clock.monotonic());
    this.#found.notify();
    const isActive = members.some(
      (member) => member.siloId === this.#parts.siloId && member.state === "active",
    );
    // One that is still joining knows too little to judge.
    if (!isActive || !this.#mayEvictNow(members.length)) return;
    try {
      // Others may have been evicted while it was being confirmed.
      if (!(await this.#isConfirmed(siloId)) || !this.#mayEvictNow(members.length)) return;
      this.#evictions.push(clock.monotonic());
      const result = await this.#parts.evict(siloId);
      if (result === "evicted")
        logger.warn(
          { event: "silo_evicted", peer: siloId },
          "the silo's process is gone: it was taken out of the cluster",
        );
    } catch (error) {
      logger.warn(
        { event: "eviction_failed", peer: siloId, reason: messageOf(error) },
        "the silo's process is gone, but its record could not be taken away",
      );
    }
  }

  /** True if this silo has found lately that nothing listens where the other was. */
  hasFoundGone(siloId: string): boolean {
    const at = this.#refusedAt.get(siloId);
    return at !== undefined && this.#parts.clock.monotonic() - at < this.#parts.leaseTtlMs;
  }

  /** As `hasFoundGone`; waits for a dial that is under way to come to its end. */
  foundGone(siloId: string): Promise<boolean> {
    return this.#found.wait(() => this.hasFoundGone(siloId), WITNESS_MS);
  }

  #mayEvictNow(members: number): boolean {
    const now = this.#parts.clock.monotonic();
    this.#evictions = this.#evictions.filter((at) => now - at < this.#parts.leaseTtlMs);
    return this.#evictions.length < Math.max(1, Math.floor((members - 1) / 3));
  }

  async #isConfirmed(siloId: string): Promise<boolean> {
    const witnesses = this.#parts.view().members.filter((member) => {
      return (
        member.siloId !== siloId &&
        member.siloId !== this.#parts.siloId &&
        member.state !== "joining"
      );
    });
    if (witnesses.length === 0) return true;
    const answers = witnesses
      .filter((witness) => this.#parts.linkTo(witness.siloId) !== undefined)
      .map(async (witness) => {
        if (await this.#parts.confirmsGone(witness.siloId, siloId)) return true;
        throw new Error(`${witness.siloId} does not find it gone`);
      });
    return await Promise.any(answers).catch(() => false);
  }

  #lookLater(): void {
    this.#timer = this.#parts.clock.schedule(PROBE_EVERY_MS, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const now = this.#parts.clock.monotonic();
    const stoodStill = now - this.#lookedAt > PROBE_EVERY_MS + STALL_MS;
    this.#lookedAt = now;
    const others = this.#parts
      .view()
      .members.filter(({ siloId, state }) => siloId !== this.#parts.siloId && state !== "joining");
    let linked = 0;
    const links = new Set<Link>();
    for (const { siloId } of others) {
      const link = this.#parts.linkTo(siloId);
      if (link === undefined) continue;
      linked++;
      links.add(link);
      this.#probe(link, stoodStill ? now : (this.#heardAt.get(link) ?? now), now);
    }
    for (const link of this.#heardAt.keys()) if (!links.has(link)) this.#heardAt.delete(link);
    for (const siloId of this.#refusedAt.keys())
      if (!this.hasFoundGone(siloId)) this.#refusedAt.delete(siloId);
    this.#judgeIsolation(others.length, linked, now);
  }

  #probe(link: Link, heardAt: number, now: number): void {
    this.#heardAt.set(link, heardAt);
    if (now - heardAt < SILENT_MS) link.send({ kind: "ping", nonce: ++this.#nonce });
    else link.close(`nothing was heard for ${SILENT_MS} ms`);
  }

  #judgeIsolation(others: number, linked: number, now: number): void {
    if (linked * 2 >= others) {
      this.#isolatedSince = undefined;
      return;
    }
    this.#isolatedSince ??= now;
    if (now - this.#isolatedSince < ISOLATED_MS) return;
    this.#parts.logger.warn(
      { others, linked },
      "this silo has had no link with most of the others for long",
    );
    this.#isolatedSince = undefined;
    this.#parts.onIsolated();
  }
}
