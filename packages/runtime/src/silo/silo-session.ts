import { Placement } from "@troupe/client";
import {
  BackgroundWork,
  type Clock,
  Condition,
  EMPTY_VIEW,
  type Logger,
  type Member,
  type MemberState,
  messageOf,
  sleep,
  TroupeError,
  type View,
} from "@troupe/core";
import type { ActorDefinition, AdminMethod } from "@troupe/sdk";
import { CallRate } from "../inspect/call-rate.ts";
import { sessionAdminMethods } from "../inspect/session-admin.ts";
import type { SiloSnapshot } from "../inspect/silo-snapshot.ts";
import { LocalActors } from "./local-actors.ts";
import { FailureDetector } from "../membership/failure-detector.ts";
import { checkDefinitions, notLinked, unlinked } from "../membership/join-checks.ts";
import { MembershipAgent } from "../membership/membership-agent.ts";
import type { Succession } from "../membership/view-coalescer.ts";
import { recordOf } from "./silo-record.ts";
import { runStages, type Stage } from "./stages.ts";
import type { StorageOwner } from "./storage-owner.ts";
import { SiloLinks } from "./silo-links.ts";
import { DEFAULT_LEASE_TTL_MS, type SiloOptions, type SiloPorts } from "./silo-options.ts";

/** How long a silo may take to link to the others, and to see itself in their view. */
const JOIN_MS = 10_000;

/** How long a draining silo waits for its turns to end. */
const DRAIN_MS = 60_000;

/** Between tries to write down what the silo has become. */
const BECOME_AGAIN_MS = 100;

/** For refusals to late callers, after the silo has left. */
const LAST_WORDS_MS = 200;

/**
 * A silo that drains looks again after this long although nothing was said: one of its turns may
 * have made a call that no silo is left to take.
 */
const LOOK_AGAIN_MS = 50;

export interface SiloSessionParts {
  readonly siloId: string;
  readonly ports: SiloPorts;
  readonly options: SiloOptions;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  readonly storageOwner: StorageOwner;
  /** The lease is gone: everything here has ended, and this session is over. */
  onLost(): void;
  /** Somebody asked this silo to move everything away and stop. */
  onDrainRequested(): void;
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
export class SiloSession {
  readonly siloId: string;
  readonly actors: LocalActors;
  readonly #parts: SiloSessionParts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #links: SiloLinks;
  readonly #agent: MembershipAgent;
  readonly #detector: FailureDetector;
  readonly #rate: CallRate;
  readonly #startedAt: number;
  readonly #leaseTtlMs: number;
  #placement = new Placement(EMPTY_VIEW);
  /** Why another silo does not link with this one. */
  #rejection: TroupeError | undefined;
  /** A view, a link, or the number of activations has changed, or the session is over. */
  readonly #changed: Condition;
  readonly #background: BackgroundWork;
  #life: "joining" | "active" | "draining" | "over" = "joining";
  #ending: Promise<void> | undefined;

  constructor(parts: SiloSessionParts) {
    const { siloId, ports, options } = parts;
    const { clock } = ports;
    const leaseTtlMs = options.leaseTtlMs ?? DEFAULT_LEASE_TTL_MS;
    this.siloId = siloId;
    this.#leaseTtlMs = leaseTtlMs;
    this.#parts = parts;
    this.#clock = clock;
    this.#logger = ports.logger.child({ silo: siloId });
    this.#startedAt = clock.now();
    this.#rate = new CallRate(clock);
    this.#changed = new Condition(clock);
    this.#background = new BackgroundWork((error) =>
      this.#logger.error({ reason: messageOf(error) }, "a part of the silo failed"),
    );
    this.#agent = new MembershipAgent({
      clock,
      logger: this.#logger,
      membership: ports.membership,
      leaseTtlMs,
      leasePolicy: options.leasePolicy ?? "strict",
      onView: (succession) => this.#setView(succession),
      onLost: () => this.#lose(),
    });
    this.actors = this.#createActors();
    this.#links = this.#createLinks();
    this.#detector = this.#createDetector();
  }

  get view(): View {
    return this.#placement.view;
  }

  /** True once it has left, or lost its lease. */
  get isOver(): boolean {
    return this.#life === "over";
  }

  get address(): string {
    return this.#agent.member?.address ?? "";
  }

  get snapshot(): SiloSnapshot {
    const { activations, activationsByType, callsTotal, callsPending } = this.actors.counts;
    return {
      siloId: this.siloId,
      address: this.address,
      state: this.#agent.member?.state ?? "joining",
      serving: this.#agent.guard.isServing(),
      revision: this.#placement.revision,
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
      await runStages(this.#stages(), this.#logger);
      if (this.#life === "joining") this.#life = "active";
      const { address } = this;
      const facts = { event: "silo_active", address, members: this.view.members.length };
      this.#logger.info(facts, "silo is active");
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
    this.#logger.info({ event: "silo_draining", activations }, "silo drains");
    this.actors.quiesce();
    try {
      await this.#become("draining", DRAIN_MS);
      await this.#untilDrained();
    } catch (error) {
      this.#logger.warn(
        { event: "drain_failed", reason: messageOf(error) },
        "the silo could not drain; it leaves with what is still active",
      );
      await this.#end("the silo has left the cluster");
      return;
    }
    await this.#agent.leave().catch((error: unknown) => {
      this.#logger.warn(
        { event: "record_left", reason: messageOf(error) },
        "the silo could not take its record away; it expires with the lease",
      );
    });
    await sleep(this.#clock, LAST_WORDS_MS);
    await this.#end("the silo has left the cluster");
  }

  #stages(): Stage[] {
    const { options, storageOwner } = this.#parts;
    const isActive = (): boolean => this.#placement.member(this.siloId)?.state === "active";
    const isMember = (): boolean => this.#placement.member(this.siloId) !== undefined;
    let member: Member;
    return [
      {
        name: "listen",
        run: async () => {
          const listening = await this.#links.listen(options.listen);
          member = recordOf(this.siloId, options.advertise ?? listening, this.#parts);
        },
      },
      { name: "check the storage", run: () => storageOwner.check() },
      { name: "register", run: () => this.#agent.join(member) },
      { name: "see itself", run: () => this.#until(isMember, JOIN_MS) },
      { name: "check the others", run: async () => checkDefinitions(member, this.view) },
      { name: "link", run: () => this.#linkWithAll(member) },
      { name: "become active", run: () => this.#become("active", JOIN_MS) },
      { name: "see itself active", run: () => this.#until(isActive, JOIN_MS) },
      { name: "host", run: () => this.actors.start() },
      { name: "watch the others", run: async () => this.#detector.start() },
    ];
  }

  /**
   * Tries again while the store is away and the lease lives. A try that failed may have had its
   * effect.
   */
  async #become(state: MemberState, timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    for (;;) {
      try {
        return await this.#agent.become(state);
      } catch (error) {
        if (this.isOver || !this.#agent.guard.isServing() || this.#clock.monotonic() > deadline)
          throw error;
        await sleep(this.#clock, BECOME_AGAIN_MS);
      }
    }
  }

  #hasDrained(): boolean {
    if (this.#placement.member(this.siloId)?.state === "active") return false;
    this.actors.giveUpWaiting();
    return this.actors.isQuiet;
  }

  #setView({ view, passed }: Succession): void {
    if (view.revision <= this.#placement.revision) return;
    const wasMember = this.#placement.member(this.siloId) !== undefined;
    const isMember = view.members.some(({ siloId }) => siloId === this.siloId);
    if (wasMember && !isMember) {
      this.#agent.lose();
      return;
    }
    this.#placement = new Placement(view);
    this.#links.setMembers(view.members);
    this.actors.setPlacement(
      this.#placement,
      passed?.map((one) => new Placement(one)),
    );
    this.#changed.notify();
  }

  async #linkWithAll(self: Member): Promise<void> {
    const missing = (): Member[] =>
      unlinked(self, this.view, (siloId) => this.#links.linkTo(siloId) !== undefined);
    // A silo that hangs answers nobody. Its lease decides: it answers again, or is not a member.
    const linkMs = this.#leaseTtlMs + JOIN_MS;
    try {
      await this.#until(() => missing().length === 0 || this.#rejection !== undefined, linkMs);
    } catch {
      throw notLinked(self, missing(), this.#links.refusalOf(missing()));
    }
    if (this.#rejection !== undefined) throw this.#rejection;
  }

  /** The rejoin comes after the end, and is the silo's own business. */
  #lose(): void {
    void this.#end("the silo has lost its lease").then(() => this.#parts.onLost());
  }

  /** SES-2 */
  #end(reason: string): Promise<void> {
    this.#ending ??= this.#endOnce(reason);
    return this.#ending;
  }

  async #endOnce(reason: string): Promise<void> {
    this.#life = "over";
    this.#changed.notify();
    this.#detector.stop();
    this.#agent.stop();
    const closed = this.actors.close();
    await this.#turnsEnded();
    await this.#agent.leave().catch(() => undefined);
    await this.#links.close(reason);
    await closed;
    await this.#background.ended();
  }

  /** SES-3 */
  async #turnsEnded(): Promise<void> {
    const noneRuns = (): boolean => !this.#agent.isMember || this.actors.counts.activations === 0;
    await this.#changed.wait(noneRuns, this.#leaseTtlMs);
  }

  #adminMethods(): AdminMethod[] {
    return sessionAdminMethods({
      snapshot: () => this.snapshot,
      hasFoundGone: (other) => this.#detector.foundGone(other),
      onDrainRequested: () => this.#parts.onDrainRequested(),
    });
  }

  async #untilDrained(): Promise<void> {
    const deadline = this.#clock.monotonic() + DRAIN_MS;
    const isDrained = (): boolean => {
      if (this.#hasDrained()) return true;
      this.#checkNotOver();
      return false;
    };
    // oxlint-disable-next-line no-await-in-loop -- each look comes after the one before it.
    while (!(await this.#changed.wait(isDrained, LOOK_AGAIN_MS))) {
      if (this.#clock.monotonic() > deadline) throw notDone(DRAIN_MS);
    }
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

  #createActors(): LocalActors {
    const { siloId, ports, options, definitions } = this.#parts;
    return new LocalActors(
      {
        ...ports,
        siloId,
        logger: this.#logger,
        guard: this.#agent.guard,
        definitions,
        extensions: options.extensions ?? [],
        options,
        linkTo: (to) => this.#links.linkTo(to),
        broadcast: (envelope) => this.#links.broadcast(envelope),
        adminMethods: this.#adminMethods(),
        onActivationGone: () => this.#changed.notify(),
      },
      this.#placement,
    );
  }

  #createLinks(): SiloLinks {
    const { siloId, ports, options } = this.#parts;
    return new SiloLinks({
      siloId,
      cluster: options.cluster,
      clock: this.#clock,
      logger: this.#logger,
      transport: ports.transport,
      onRequest: (request, sink) => this.actors.onRequest(request, sink),
      onReply: (callId, outcome) => this.actors.onReply(callId, outcome),
      onCancel: (cancel, sink) => this.actors.onCancel(cancel, sink),
      onCallerGone: (sink) => this.actors.onCallerGone(sink),
      onReleased: (from, released) => this.actors.onReleased(from, released),
      onUp: (_, link) => {
        this.actors.onLinkUp(link);
        this.#changed.notify();
      },
      onDown: (from, reason) => this.actors.onLinkDown(from, reason),
      onHeard: (link) => this.#detector.heard(link),
      onRefused: (from) => this.#background.add(this.#detector.refused(from)),
      onRejected: (from, error) => {
        this.#rejection = error;
        this.actors.onLinkRejected(from, error);
        this.#changed.notify();
      },
    });
  }

  #createDetector(): FailureDetector {
    const { siloId, ports } = this.#parts;
    return new FailureDetector({
      siloId,
      clock: this.#clock,
      logger: this.#logger,
      leaseTtlMs: this.#leaseTtlMs,
      view: () => this.view,
      linkTo: (to) => this.#links.linkTo(to),
      evict: (other) => ports.membership.evict(other),
      confirmsGone: async (witness, other) =>
        (await this.actors.callSilo(witness, "hasFoundGone", [other])) === true,
      onIsolated: () =>
        this.#agent.giveUp(
          "this silo has no link with most of the others, so it leaves the cluster",
        ),
    });
  }
}

function notDone(timeoutMs: number): TroupeError {
  return new TroupeError("CLUSTER_UNAVAILABLE", `not done within ${timeoutMs} ms`);
}
