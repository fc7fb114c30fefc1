import {
  type Clock,
  Condition,
  type Link,
  type Logger,
  messageOf,
  type Member,
  type Scheduled,
  sleep,
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

/**
 * How many silos judge a silo at once when its process is gone, and how many of the others each of
 * them asks first. More would find the same.
 */
const JUDGES = 3;

/** The next so many judge if the silo is still a member after this. */
const JUDGE_LATER_MS = 200;

/** Behind these all judge together. */
const JUDGE_LATER_TIMES = 3;

export interface FailureDetectorParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds of a lease: no more than a few silos are evicted in that time. */
  readonly leaseTtlMs: number;
  view(): View;
  linkTo(siloId: string): Link | undefined;
  /** The link with the silo was probed: what it has not been told may go along. */
  onProbed(siloId: string): void;
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
 * DET-5. A silo that dies costs the others a few messages and a few writes, and not one for each
 *     pair of them: the three that follow it in the order of ids judge at once, the next ones
 *     later if it is still a member.
 */
export class FailureDetector {
  readonly #parts: FailureDetectorParts;
  readonly #heardAt = new Map<Link, number>();
  /** When this silo evicted others, on the monotonic clock. */
  #evictions: number[] = [];
  /** Silos whose addresses refused lately, and when. */
  readonly #refusedAt = new Map<string, number>();
  /** Silos that this one is about to judge. */
  readonly #judging = new Set<string>();
  /** Another silo was found gone. */
  readonly #found: Condition;
  #isolatedSince: number | undefined;
  #lookedAt = 0;
  #timer: Scheduled | undefined;
  #nonce = 0;
  #isStopped = false;

  constructor(parts: FailureDetectorParts) {
    this.#parts = parts;
    this.#found = new Condition(parts.clock);
  }

  start(): void {
    this.#lookedAt = this.#parts.clock.monotonic();
    this.#lookLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Something came over the link. */
  heard(link: Link): void {
    this.#heardAt.set(link, this.#parts.clock.monotonic());
  }

  /** Nothing listens any more at the address of a silo with which this one had a link. */
  async refused(siloId: string): Promise<void> {
    const { members } = this.#parts.view();
    const suspect = members.find((member) => member.siloId === siloId);
    if (suspect === undefined || !isOfOneMachine(suspect.address)) return;
    this.#refusedAt.set(siloId, this.#parts.clock.monotonic());
    this.#found.notify();
    if (this.#judging.has(siloId)) return;
    this.#judging.add(siloId);
    try {
      await this.#judgeInTurn(siloId);
    } finally {
      this.#judging.delete(siloId);
    }
  }

  /** DET-5 */
  async #judgeInTurn(siloId: string): Promise<void> {
    const times = Math.floor(this.#followersOf(siloId).indexOf(this.#parts.siloId) / JUDGES);
    // One that is still joining knows too little to judge.
    if (times < 0) return;
    const laterMs = JUDGE_LATER_MS * Math.min(times, JUDGE_LATER_TIMES);
    if (laterMs > 0) await sleep(this.#parts.clock, laterMs);
    const { members } = this.#parts.view();
    if (members.some((member) => member.siloId === siloId)) await this.#judge(siloId, members);
  }

  async #judge(siloId: string, members: readonly Member[]): Promise<void> {
    const { clock, logger } = this.#parts;
    if (this.#isStopped || !this.#mayEvictNow(members.length)) return;
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
    const others = this.#othersThan(siloId).filter((other) => other !== this.#parts.siloId);
    if (others.length === 0) return true;
    const witnesses = others.filter((other) => this.#parts.linkTo(other) !== undefined);
    const ofFirst = this.#oneConfirms(witnesses.slice(0, JUDGES), siloId);
    const inTime = sleep(this.#parts.clock, 2 * WITNESS_MS).then(() => false);
    if (await Promise.race([ofFirst, inTime])) return true;
    return await this.#oneConfirms(witnesses.slice(JUDGES), siloId);
  }

  async #oneConfirms(witnesses: readonly string[], siloId: string): Promise<boolean> {
    const answers = witnesses.map(async (witness) => {
      if (await this.#parts.confirmsGone(witness, siloId)) return true;
      throw new Error(`${witness} does not find it gone`);
    });
    return await Promise.any(answers).catch(() => false);
  }

  /** The active silos but for one, in the order of ids, from those that follow it. */
  #followersOf(siloId: string): string[] {
    return this.#othersThan(siloId, ({ state }) => state === "active");
  }

  #othersThan(siloId: string, isMeant = isNotJoining): string[] {
    const ids = this.#parts
      .view()
      .members.filter((member) => member.siloId !== siloId && isMeant(member))
      .map((member) => member.siloId);
    const next = ids.findIndex((id) => id > siloId);
    return next < 0 ? ids : [...ids.slice(next), ...ids.slice(0, next)];
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
      this.#parts.onProbed(siloId);
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

function isNotJoining({ state }: Member): boolean {
  return state !== "joining";
}
