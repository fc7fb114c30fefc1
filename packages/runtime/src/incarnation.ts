import { Placement } from "@troupe/client";
import {
  type Clock,
  EMPTY_VIEW,
  type Logger,
  type Member,
  type MemberState,
  messageOf,
  sleep,
  TroupeError,
  type View,
} from "@troupe/core";
import { type ActorDefinition, type AdminMethod, digestOf } from "@troupe/sdk";
import { CallRate } from "./inspect/call-rate.ts";
import { sessionAdminMethods } from "./inspect/session-admin.ts";
import type { SiloSnapshot } from "./inspect/silo-snapshot.ts";
import { LocalActors } from "./local-actors.ts";
import { FailureDetector } from "./membership/failure-detector.ts";
import { checkDefinitions, notLinked, unlinked } from "./membership/join-checks.ts";
import { MembershipAgent } from "./membership/membership-agent.ts";
import type { Succession } from "./membership/view-coalescer.ts";
import type { StorageOwner } from "./silo/storage-owner.ts";
import { SiloLinks } from "./silo-links.ts";
import {
  DEFAULT_LEASE_TTL_MS,
  type SiloOptions,
  type SiloPorts,
  TROUPE_VERSION,
} from "./silo-options.ts";

/** How long a silo may take to link to the others, and to see itself in their view. */
const JOIN_MS = 10_000;

/** How long a draining silo waits for its turns to end. */
const DRAIN_MS = 60_000;

/** Between tries to write down what the silo has become. */
const BECOME_AGAIN_MS = 100;

/** For refusals to late callers, after the silo has left. */
const LAST_WORDS_MS = 200;

const POLL_MS = 5;

/** How long a silo that is asked whether another one is gone waits to find out. */
const WITNESS_MS = 500;

export interface IncarnationParts {
  readonly siloId: string;
  readonly ports: SiloPorts;
  readonly options: SiloOptions;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  readonly storageOwner: StorageOwner;
  /** The lease is gone: everything here has ended, and this incarnation is over. */
  onLost(): void;
  /** Somebody asked this silo to move everything away and stop. */
  onDrainRequested(): void;
}

/** A silo under one id: from joining the cluster until it leaves or loses its lease. */
export class Incarnation {
  readonly siloId: string;
  readonly actors: LocalActors;
  readonly #parts: IncarnationParts;
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
  #isOver = false;

  constructor(parts: IncarnationParts) {
    const { siloId, ports, options, definitions } = parts;
    const { clock } = ports;
    const leaseTtlMs = options.leaseTtlMs ?? DEFAULT_LEASE_TTL_MS;
    this.siloId = siloId;
    this.#leaseTtlMs = leaseTtlMs;
    this.#parts = parts;
    this.#clock = clock;
    this.#logger = ports.logger.child({ silo: siloId });
    this.#startedAt = clock.now();
    this.#rate = new CallRate(clock);
    this.#agent = new MembershipAgent({
      clock,
      logger: this.#logger,
      membership: ports.membership,
      leaseTtlMs,
      leasePolicy: options.leasePolicy ?? "strict",
      onView: (succession) => this.#setView(succession),
      onLost: () => this.#lose(),
    });
    this.actors = new LocalActors(
      {
        siloId,
        clock,
        random: ports.random,
        logger: this.#logger,
        stateStore: ports.stateStore,
        reminderStore: ports.reminderStore,
        guard: this.#agent.guard,
        definitions,
        extensions: options.extensions ?? [],
        options,
        linkTo: (to) => this.#links.linkTo(to),
        broadcast: (envelope) => this.#links.broadcast(envelope),
        adminMethods: this.#adminMethods(),
      },
      this.#placement,
    );
    this.#links = new SiloLinks({
      siloId,
      cluster: options.cluster,
      clock,
      logger: this.#logger,
      transport: ports.transport,
      onRequest: (request, sink) => this.actors.onRequest(request, sink),
      onReply: (callId, outcome) => this.actors.onReply(callId, outcome),
      onCancel: (cancel, sink) => this.actors.onCancel(cancel, sink),
      onCallerGone: (sink) => this.actors.onCallerGone(sink),
      onReleased: (from, released) => this.actors.onReleased(from, released),
      onUp: (_, link) => this.actors.onLinkUp(link),
      onDown: (from, reason) => this.actors.onLinkDown(from, reason),
      onHeard: (link) => this.#detector.heard(link),
      onRefused: (from) => void this.#detector.refused(from),
      onRejected: (from, error) => {
        this.#rejection = error;
        this.actors.onLinkRejected(from, error);
      },
    });
    this.#detector = new FailureDetector({
      siloId,
      clock,
      logger: this.#logger,
      leaseTtlMs,
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

  get view(): View {
    return this.#placement.view;
  }

  /** True once it has left, or lost its lease. */
  get isOver(): boolean {
    return this.#isOver;
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

  /**
   * Joins the cluster. The stages, each undone if a later one fails: 1. listen, and see that the
   * storage is this cluster's; 2. register as joining, and watch; 3. check the definitions and link
   * with every active silo; 4. become active, and see that in a view; 5. host.
   */
  async start(): Promise<void> {
    const { options, definitions } = this.#parts;
    try {
      const listening = await this.#links.listen(options.listen);
      const member: Member = {
        siloId: this.siloId,
        address: options.advertise ?? listening,
        state: "joining",
        types: Object.fromEntries(
          [...definitions].map(([name, definition]) => [name, digestOf(definition)]),
        ),
        version: TROUPE_VERSION,
        labels: options.labels ?? {},
      };
      await this.#parts.storageOwner.check();
      await this.#agent.join(member);
      await this.#until(() => this.#placement.member(this.siloId) !== undefined, JOIN_MS);
      checkDefinitions(member, this.view);
      await this.#linkWithAll(member);
      await this.#become("active", JOIN_MS);
      await this.#until(() => this.#placement.member(this.siloId)?.state === "active", JOIN_MS);
      await this.actors.start();
      this.#detector.start();
      this.#logger.info(
        { address: member.address, members: this.view.members.length },
        "silo is active",
      );
    } catch (error) {
      await this.#end("the silo could not start");
      throw error;
    }
  }

  /** Moves everything away, then leaves the cluster. No call fails by it (C6). */
  async drain(): Promise<void> {
    if (this.#isOver) return;
    this.#logger.info({ activations: this.actors.counts.activations }, "silo drains");
    this.actors.quiesce();
    try {
      await this.#become("draining", DRAIN_MS);
      await this.#until(() => this.#hasDrained(), DRAIN_MS);
    } catch (error) {
      this.#logger.warn(
        { reason: messageOf(error) },
        "the silo could not drain; it leaves with what is still active",
      );
      await this.#end("the silo has left the cluster");
      return;
    }
    await this.#agent.leave().catch((error: unknown) => {
      this.#logger.warn(
        { reason: messageOf(error) },
        "the silo could not take its record away; it expires with the lease",
      );
    });
    await sleep(this.#clock, LAST_WORDS_MS);
    await this.#end("the silo has left the cluster");
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
        if (this.#isOver || !this.#agent.guard.isServing() || this.#clock.monotonic() > deadline)
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

  #lose(): void {
    void this.#end("the silo has lost its lease").then(() => this.#parts.onLost());
  }

  async #end(reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#detector.stop();
    this.#agent.stop();
    const closed = this.actors.close();
    await this.#turnsEnded();
    await this.#agent.leave().catch(() => undefined);
    await this.#links.close(reason);
    await closed;
  }

  /**
   * Turns that are under way keep the record, or another silo would run their actors beside them
   * (C1); at the latest it goes with the lease.
   */
  async #turnsEnded(): Promise<void> {
    const expiry = this.#clock.monotonic() + this.#leaseTtlMs;
    while (
      this.#agent.isMember &&
      this.actors.counts.activations > 0 &&
      this.#clock.monotonic() < expiry
    ) {
      await sleep(this.#clock, POLL_MS);
    }
  }

  #adminMethods(): AdminMethod[] {
    return sessionAdminMethods({
      snapshot: () => this.snapshot,
      hasFoundGone: (other) => this.#hasFoundGone(other),
      onDrainRequested: () => this.#parts.onDrainRequested(),
    });
  }

  /** Another silo asks; this one's own dial may come to its end a moment later. */
  async #hasFoundGone(siloId: string): Promise<boolean> {
    const deadline = this.#clock.monotonic() + WITNESS_MS;
    while (!this.#detector.hasFoundGone(siloId) && this.#clock.monotonic() < deadline)
      await sleep(this.#clock, POLL_MS);
    return this.#detector.hasFoundGone(siloId);
  }

  /**
   * Resolves once the condition holds; rejects with `CLUSTER_UNAVAILABLE` if it does not in time,
   * or the lease is lost.
   */
  async #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeoutMs;
    while (!condition()) {
      if (this.#isOver) throw new TroupeError("CLUSTER_UNAVAILABLE", "the silo lost its lease");
      if (this.#clock.monotonic() > deadline)
        throw new TroupeError("CLUSTER_UNAVAILABLE", `not done within ${timeoutMs} ms`);
      await sleep(this.#clock, POLL_MS);
    }
  }
}
