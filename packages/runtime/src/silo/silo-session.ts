import { Placement } from "@troupe/client";
import {
  BackgroundWork,
  type Clock,
  Condition,
  EMPTY_VIEW,
  type Member,
  type MemberState,
  messageOf,
  sleep,
  TroupeError,
  type View,
} from "@troupe/core";
import { CallRate } from "../inspect/call-rate.ts";
import type { SiloSnapshot } from "../inspect/silo-snapshot.ts";
import { checkDefinitions, notLinked, unlinked } from "../membership/join-checks.ts";
import { logMemberEvents } from "../membership/member-events.ts";
import type { Succession } from "../membership/view-coalescer.ts";
import { ComposedSilo } from "./compose-silo.ts";
import type { ComposeParts, SessionOwner } from "./session-owner.ts";
import type { SiloActors } from "./silo-actors.ts";
import { recordOf } from "./silo-record.ts";
import { runStages, type Stage } from "./stages.ts";
import type { StorageOwner } from "./storage-owner.ts";

/** How long a silo may take to link to the others, and to see itself in their view. */
const JOIN_MS = 10_000;

/** How long a draining silo waits for its turns to end. */
const DRAIN_MS = 60_000;

/** Between tries to write something down in the membership store. */
const WRITE_AGAIN_MS = 100;

/** For refusals to late callers, after the silo has left. */
const LAST_WORDS_MS = 200;

export interface SiloSessionParts extends ComposeParts {
  readonly storageOwner: StorageOwner;
  /** The lease is gone, and this session is over. `ended` is when nothing of it runs any more. */
  onLost(ended: Promise<void>): void;
}

/**
 * A silo under one id: from joining the cluster until it leaves or loses its lease.
 *
 * SES-1. It joins in stages, and a stage that fails undoes all that were before.
 * SES-2. It ends once. Whoever ends it waits until nothing of it runs any more: turns, links, and
 *     what it had begun in the background.
 * SES-3. Turns that are under way at the end keep its record, or another silo would run their
 *     actors beside them (C1). At the latest the record goes with the lease.
 */
export class SiloSession implements SessionOwner {
  readonly siloId: string;
  /** The placement of the newest view that this silo has seen. */
  placement = new Placement(EMPTY_VIEW);
  readonly #parts: SiloSessionParts;
  readonly #clock: Clock;
  readonly #silo: ComposedSilo;
  readonly #rate: CallRate;
  readonly #startedAt: number;
  /** Why another silo does not link with this one. */
  #rejection: TroupeError | undefined;
  /** Something that a stage or the drain waits for has changed, or the session is over. */
  readonly #changed: Condition;
  readonly #background: BackgroundWork;
  #life: "joining" | "active" | "draining" | "over" = "joining";
  #ending: Promise<void> | undefined;

  constructor(parts: SiloSessionParts) {
    const { clock } = parts.ports;
    this.siloId = parts.siloId;
    this.#parts = parts;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#rate = new CallRate(clock);
    this.#changed = new Condition(clock);
    this.#background = new BackgroundWork((error) =>
      this.#silo.logger.error({ reason: messageOf(error) }, "a part of the silo failed"),
    );
    this.#silo = new ComposedSilo(parts, this);
  }

  get actors(): SiloActors {
    return this.#silo.actors;
  }

  get view(): View {
    return this.placement.view;
  }

  /** True once it has left, or lost its lease. */
  get isOver(): boolean {
    return this.#life === "over";
  }

  get address(): string {
    return this.#silo.agent.member?.address ?? "";
  }

  get snapshot(): SiloSnapshot {
    const { activations, activationsByType, callsTotal, callsPending } = this.actors.counts;
    return {
      siloId: this.siloId,
      address: this.address,
      state: this.#silo.agent.member?.state ?? "joining",
      serving: this.#silo.agent.guard.isServing(),
      revision: this.placement.revision,
      startedAt: this.#startedAt,
      activations,
      activationsByType,
      callsTotal,
      callsPerSecond: this.#rate.perSecond(callsTotal),
      callsPending,
    };
  }

  /** Joins the cluster (SES-1). */
  async start(): Promise<void> {
    try {
      await runStages(this.#stages(), this.#silo.logger);
      if (this.#life === "joining") this.#life = "active";
      const { address } = this;
      const facts = { event: "silo_active", address, members: this.view.members.length };
      this.#silo.logger.info(facts, "silo is active");
    } catch (error) {
      await this.#end("the silo could not start");
      throw error;
    }
  }

  /** Moves everything away, then leaves the cluster. No call fails by it (C6). */
  async drain(): Promise<void> {
    if (this.isOver) return this.#ending;
    this.#life = "draining";
    const { activations } = this.actors.counts;
    this.#silo.logger.info({ event: "silo_draining", activations }, "silo drains");
    this.background(this.actors.quiesce());
    await this.#silo.deployments.handOver();
    try {
      await this.#become("draining", DRAIN_MS);
      await this.#until(() => this.#hasDrained(), DRAIN_MS);
    } catch (error) {
      this.#silo.logger.warn(
        { event: "drain_failed", reason: messageOf(error) },
        "the silo could not drain; it leaves with what is still active",
      );
      await this.#end("the silo has left the cluster");
      return;
    }
    await this.#silo.agent.leave().catch((error: unknown) => {
      this.#silo.logger.warn(
        { event: "record_left", reason: messageOf(error) },
        "the silo could not take its record away; it expires with the lease",
      );
    });
    await sleep(this.#clock, LAST_WORDS_MS);
    await this.#end("the silo has left the cluster");
  }

  #stages(): Stage[] {
    const { options, storageOwner } = this.#parts;
    const isActive = (): boolean => this.placement.member(this.siloId)?.state === "active";
    const isMember = (): boolean => this.placement.member(this.siloId) !== undefined;
    let member: Member;
    return [
      {
        name: "listen",
        run: async () => {
          const listening = await this.#silo.links.listen(options.listen);
          const since = await this.#parts.since();
          const address = options.advertise ?? listening;
          member = recordOf(this.siloId, address, { ...this.#parts, since });
        },
      },
      { name: "check the storage", run: () => storageOwner.check() },
      { name: "register", run: () => this.#silo.agent.join(member) },
      { name: "see itself", run: () => this.#until(isMember, JOIN_MS) },
      { name: "check the others", run: async () => checkDefinitions(member, this.view) },
      { name: "record the definitions", run: () => this.#recordDefinitions() },
      { name: "link", run: () => this.#linkWithAll(member) },
      { name: "become active", run: () => this.#become("active", JOIN_MS) },
      { name: "see itself active", run: () => this.#until(isActive, JOIN_MS) },
      { name: "host", run: () => this.actors.start() },
      { name: "watch the others", run: async () => this.#silo.detector.start() },
    ];
  }

  #become(state: MemberState, timeoutMs: number): Promise<void> {
    return this.#insist(() => this.#silo.agent.become(state), timeoutMs);
  }

  #recordDefinitions(): Promise<void> {
    return this.#insist(() => this.#silo.deployments.record(), JOIN_MS);
  }

  /**
   * Tries again while the membership store is away and the lease lives. A try that failed may have
   * had its effect.
   */
  async #insist(write: () => Promise<void>, timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (
          this.isOver ||
          !this.#silo.agent.guard.isServing() ||
          this.#clock.monotonic() > deadline
        )
          throw error;
        await sleep(this.#clock, WRITE_AGAIN_MS);
      }
    }
  }

  #hasDrained(): boolean {
    if (this.placement.member(this.siloId)?.state === "active") return false;
    this.actors.giveUpWaiting();
    return this.actors.isQuiet;
  }

  /** For the parts of the silo. */
  setView({ view, passed }: Succession): void {
    if (view.revision <= this.placement.revision) return;
    const wasMember = this.placement.member(this.siloId) !== undefined;
    const isMember = view.members.some(({ siloId }) => siloId === this.siloId);
    if (wasMember && !isMember) {
      this.#silo.agent.lose();
      return;
    }
    logMemberEvents(this.#silo.logger, this.siloId, { before: this.view, after: view });
    this.placement = new Placement(view);
    this.#silo.deployments.setView(view);
    this.#silo.links.setMembers(view.members);
    this.actors.setPlacement(
      this.placement,
      passed?.map((one) => new Placement(one)),
    );
    this.#changed.notify();
  }

  async #linkWithAll(self: Member): Promise<void> {
    const missing = (): Member[] =>
      unlinked(self, this.view, (siloId) => this.#silo.links.linkTo(siloId) !== undefined);
    // A silo that hangs answers nobody. Its lease decides: it answers again, or is not a member.
    const linkMs = this.#silo.leaseTtlMs + JOIN_MS;
    try {
      await this.#until(() => missing().length === 0 || this.#rejection !== undefined, linkMs);
    } catch {
      throw notLinked(self, missing(), this.#silo.links.refusalOf(missing()));
    }
    if (this.#rejection !== undefined) throw this.#rejection;
  }

  /** For the parts of the silo. */
  lose(): void {
    this.#parts.onLost(this.#end("the silo has lost its lease"));
  }

  /** For the parts of the silo. */
  changed(): void {
    this.#changed.notify();
  }

  /** For the parts of the silo. */
  rejected(error: TroupeError): void {
    this.#rejection = error;
  }

  /** For the parts of the silo. */
  background(work: Promise<unknown>): void {
    this.#background.add(work);
  }

  /** SES-2 */
  #end(reason: string): Promise<void> {
    this.#ending ??= this.#endOnce(reason);
    return this.#ending;
  }

  async #endOnce(reason: string): Promise<void> {
    this.#life = "over";
    this.#changed.notify();
    this.#silo.detector.stop();
    this.#silo.agent.stop();
    const closed = this.actors.close();
    await this.#turnsEnded();
    await this.#silo.agent.leave().catch(() => undefined);
    await this.#silo.links.close(reason);
    await closed;
    await this.#background.ended();
  }

  /** SES-3 */
  async #turnsEnded(): Promise<void> {
    const noneRuns = (): boolean =>
      !this.#silo.agent.isMember || this.actors.counts.activations === 0;
    await this.#changed.wait(noneRuns, this.#silo.leaseTtlMs);
  }

  /**
   * Resolves once the condition holds; rejects with `CLUSTER_UNAVAILABLE` if it does not in time,
   * or the lease is lost.
   */
  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const holds = (): boolean => {
      if (condition()) return true;
      this.#checkNotOver();
      return false;
    };
    if (!(await this.#changed.wait(holds, timeoutMs))) throw notDone(timeoutMs);
  }

  #checkNotOver(): void {
    if (this.isOver) throw new TroupeError("CLUSTER_UNAVAILABLE", "the silo lost its lease");
  }
}

function notDone(timeoutMs: number): TroupeError {
  return new TroupeError("CLUSTER_UNAVAILABLE", `not done within ${timeoutMs} ms`);
}
