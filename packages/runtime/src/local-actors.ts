import {
  Caller,
  type CallTarget,
  callTarget,
  type Placement,
  References,
  type ReplySink,
  Router,
  SILO_TYPE,
} from "@troupe/client";
import type {
  ActorAddress,
  CancelEnvelope,
  Clock,
  Delivery,
  DueEntry,
  Envelope,
  Link,
  Logger,
  Outcome,
  Random,
  ReleasedEnvelope,
  ReminderStore,
  RequestEnvelope,
  StateStore,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { Activation } from "./activation/activation.ts";
import { Catalog } from "./activation/catalog.ts";
import { IdleCollector } from "./activation/idle-collector.ts";
import { DEAD_LETTER_BUCKET } from "./durability/due-entries.ts";
import type { Letter } from "./durability/outbox.ts";
import { type StoredActorParts, StoredActor } from "./durability/stored-actor.ts";
import { type ActivationInfo, LIST_MAX, listActivations } from "./inspect/activation-list.ts";
import type { LeaseGuard } from "./membership/lease-guard.ts";
import { Handoff } from "./ownership/handoff.ts";
import { ReleaseAnnouncer } from "./ownership/release-announcer.ts";
import { ReminderService } from "./reminders/reminder-service.ts";
import { systemMethods } from "./ticks/system-turns.ts";
import { ActorTicks, reminderTicks } from "./ticks/actor-ticks.ts";
import { Arrivals } from "./routing/arrivals.ts";
import { Dispatcher } from "./routing/dispatcher.ts";

export interface LocalActorsParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  readonly guard: LeaseGuard;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  linkTo(siloId: string): Link | undefined;
  /** False if a link had no room for it. */
  broadcast(envelope: Envelope): boolean;
  /** Answers a call to this silo itself. */
  callSilo(method: string, args: readonly unknown[]): Promise<unknown>;
}

/**
 * The actors of one silo: those that live here, and the calls that they and this process make. It
 * acts on what it is told.
 */
export class LocalActors {
  readonly #parts: LocalActorsParts;
  readonly #router: Router;
  readonly #caller: Caller;
  readonly #references: References;
  readonly #catalog: Catalog;
  readonly #handoff: Handoff;
  readonly #announcer: ReleaseAnnouncer;
  readonly #dispatcher: Dispatcher;
  readonly #arrivals: Arrivals;
  readonly #reminders: ReminderService;
  readonly #idle: IdleCollector;
  readonly #ticks: ActorTicks;
  #placement: Placement;

  constructor(parts: LocalActorsParts, placement: Placement) {
    const { siloId, clock, logger, guard, definitions } = parts;
    this.#parts = parts;
    this.#placement = placement;
    this.#handoff = new Handoff(siloId, placement);
    this.#announcer = new ReleaseAnnouncer({
      clock,
      held: () => this.#handoff.held,
      announce: () => this.#announce(),
    });
    this.#catalog = this.#createCatalog();
    this.#ticks = new ActorTicks({
      clock,
      logger,
      deliver: (letter, delivery) => this.#deliver(letter, delivery),
      call: (address, method, args) => this.#callSystemTurn(address, method, args),
    });
    this.#dispatcher = new Dispatcher(
      {
        siloId,
        clock,
        definitions,
        catalog: this.#catalog,
        handoff: this.#handoff,
        isServing: () => guard.isServing(),
        serving: () => guard.serving(),
        callSilo: (method, args) => parts.callSilo(method, args),
      },
      placement,
    );
    this.#arrivals = new Arrivals({
      siloId,
      clock,
      logger,
      nextTurn: setImmediate,
      begin: (request, sink) => this.#dispatcher.dispatch(request, sink, clock.monotonic()),
    });
    const makeReference = (address: { type: string; id: string }): unknown =>
      this.#references.reference(address);
    const linkTo = (to: string): Link | undefined => parts.linkTo(to);
    this.#router = new Router(
      { peerId: siloId, clock, local: this.#dispatcher, linkTo, makeReference },
      placement,
    );
    this.#caller = new Caller(clock, this.#router);
    this.#references = new References(definitions, (target, method, args) =>
      this.#caller.call(target, method, args),
    );
    this.#idle = new IdleCollector(clock, this.#catalog, definitions.values());
    this.#reminders = new ReminderService({
      clock,
      random: parts.random,
      logger,
      store: parts.reminderStore,
      owns: (address) => this.#owns(address),
      ...reminderTicks((address, method, args) => this.#callSystemTurn(address, method, args)),
    });
  }

  /** Runs a system turn in an actor, wherever it lives, or asks a silo. Not for code of users. */
  callTurn(address: ActorAddress, name: string, args: readonly unknown[]): Promise<unknown> {
    return this.#callSystemTurn(address, name, args);
  }

  /** Makes a call that no actor of this silo makes. */
  call(target: CallTarget, method: string, args: unknown[]): Promise<unknown> {
    return this.#caller.call(target, method, args);
  }

  /** From now on this silo hosts, and its reminders tick. */
  start(): void {
    this.#idle.start();
    this.#reminders.start();
  }

  /**
   * Adopts a view: what this silo no longer owns ends, and the others hear of it (H1). Calls are
   * brought to their new owners only after that, so that none of them meets an activation that has
   * to go.
   */
  setPlacement(placement: Placement): void {
    const { siloId } = this.#parts;
    this.#placement = placement;
    this.#arrivals.unsettle();
    this.#handoff.setPlacement(placement);
    for (const activation of this.#catalog.values()) {
      if (placement.ownerOf(activation.address)?.siloId === siloId) continue;
      this.#handoff.hold(activation.address);
      void activation.close(placement.member(siloId)?.state === "draining" ? "stopping" : "moved");
    }
    this.#announcer.announce();
    this.#router.setPlacement(placement);
    this.#dispatcher.setPlacement(placement);
    this.#reminders.setBuckets(placement.bucketsOf(siloId));
  }

  onRequest(request: RequestEnvelope, sink: ReplySink): void {
    this.#arrivals.take(request, sink);
  }

  onReply(callId: number, outcome: Outcome): void {
    this.#router.reply(callId, outcome);
  }

  onCancel(cancel: CancelEnvelope, sink: ReplySink): void {
    if (!this.#arrivals.cancel(cancel.callId, sink)) this.#dispatcher.cancel(cancel, sink);
  }

  onReleased(siloId: string, released: ReleasedEnvelope): void {
    const wasSettled = this.#handoff.isSettled;
    this.#handoff.setReleased(siloId, released);
    // What a former owner's last turns set may have come after this silo's last look.
    if (!wasSettled && this.#handoff.isSettled) this.#reminders.readNow();
    this.#dispatcher.releaseParked();
  }

  onLinkUp(link: Link): void {
    const { release } = this.#handoff;
    if (release !== undefined) link.send(release);
    this.#router.linkUp();
  }

  onLinkDown(siloId: string, reason: string): void {
    this.#router.linkDown(siloId, reason);
  }

  onLinkRejected(siloId: string, error: TroupeError): void {
    this.#router.siloRejects(siloId, error);
  }

  /** Asks another silo. */
  callSilo(siloId: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const target = callTarget({ type: SILO_TYPE, id: siloId }, undefined, { timeout: "2s" });
    return this.#caller.callSystem(target, method, [...args]);
  }

  /** The actors that are active here, at most a thousand of them. */
  list(type: string | undefined): ActivationInfo[] {
    return listActivations(this.#catalog, type);
  }

  /**
   * What the due index has for the actors that this silo owns, earliest first; at most a thousand.
   */
  async listReminders(): Promise<readonly DueEntry[]> {
    const buckets = [...this.#placement.bucketsOf(this.#parts.siloId)];
    const entries = await this.#parts.reminderStore.due(buckets, Number.MAX_SAFE_INTEGER, LIST_MAX);
    return entries.filter(({ name, address }) => !name.startsWith("$") && this.#owns(address));
  }

  /**
   * Which actors have dead letters, oldest first; at most a thousand letters. The name is the
   * letter's number.
   */
  listDeadLetters(): Promise<readonly DueEntry[]> {
    return this.#parts.reminderStore.due([DEAD_LETTER_BUCKET], Number.MAX_SAFE_INTEGER, LIST_MAX);
  }

  /**
   * For a silo that drains: what its actors wait for must not hold it up if nobody is left who
   * could do it.
   */
  giveUpWaiting(): void {
    this.#router.giveUpWaiting();
  }

  /** True if nothing is active here or about to be, and no call of this process is under way. */
  get isQuiet(): boolean {
    return this.#arrivals.isEmpty && this.#catalog.size === 0 && this.#router.pendingCount === 0;
  }

  get counts(): {
    activations: number;
    activationsByType: Record<string, number>;
    callsTotal: number;
    callsPending: number;
  } {
    return {
      activations: this.#catalog.size,
      activationsByType: this.#catalog.countByType(),
      callsTotal: this.#dispatcher.received,
      callsPending: this.#router.pendingCount,
    };
  }

  /** Stops to make anything happen by itself. */
  quiesce(): void {
    this.#idle.stop();
    this.#reminders.stop();
  }

  /** Ends everything at once; calls that are under way fail. */
  close(): void {
    this.quiesce();
    this.#announcer.stop();
    this.#arrivals.close();
    for (const activation of this.#catalog.values()) void activation.close("failed");
    this.#router.close();
  }

  #owns(address: ActorAddress): boolean {
    return this.#placement.ownerOf(address)?.siloId === this.#parts.siloId;
  }

  #createCatalog(): Catalog {
    const { siloId, clock, logger, guard } = this.#parts;
    const methods = systemMethods(clock);
    const storedActorParts = this.#createStoredActorParts();
    return new Catalog({
      siloId,
      clock,
      logger,
      isServing: (now) => guard.isServing(now),
      serving: () => guard.serving(),
      revision: () => this.#placement.revision,
      createStorage: (activation) =>
        new StoredActor(storedActorParts, activation.address, activation.definition),
      reference: (type, id, options) => this.#references.actor(type, id, options),
      sendReference: (type, id, post) => this.#references.sendReference(type, id, post),
      makeReference: (address) => this.#references.reference(address),
      systemMethod: (name) => methods.get(name),
      redispatch: (request, sink) => this.#dispatcher.redispatch(request, sink),
      onGone: (activation) => this.#onGone(activation),
    });
  }

  /** One for all actors: there are many. */
  #createStoredActorParts(): StoredActorParts {
    const { siloId, clock, logger, stateStore, reminderStore, guard } = this.#parts;
    return {
      siloId,
      clock,
      logger,
      stateStore,
      reminderStore,
      makeReference: (address) => this.#references.reference(address),
      revision: () => this.#placement.revision,
      isServing: () => guard.isServing(),
      serving: () => guard.serving(),
      isCertain: () => guard.isCertain(),
      onRemindersPlanned: (entries) => this.#reminders.planned(entries),
      onTimersChanged: (storage) => {
        const activation = this.#catalog.find(storage.address);
        if (activation?.storage === storage) this.#ticks.timersChanged(activation, storage);
      },
      onLettersStored: (storage, upTo) => {
        const activation = this.#catalog.find(storage.address);
        if (activation?.storage === storage) this.#ticks.lettersStored(activation, storage, upTo);
      },
      onDisposed: (storage) => this.#ticks.ended(storage),
    };
  }

  #callSystemTurn(
    address: ActorAddress,
    method: string,
    args: readonly unknown[],
  ): Promise<unknown> {
    return this.#caller.callSystem(callTarget(address, undefined, undefined), method, [...args]);
  }

  #deliver({ type, id, method, args, headers }: Letter, delivery: Delivery): Promise<unknown> {
    const target = callTarget(
      { type, id },
      this.#parts.definitions.get(type),
      headers === undefined ? undefined : { headers },
    );
    return this.#caller.deliver(target, { method, args, delivery });
  }

  #onGone(activation: Activation): void {
    if (this.#handoff.letGo(activation.address)) this.#announcer.announceSoon();
    this.#dispatcher.releaseParkedFor(activation.address);
  }

  #announce(): boolean {
    const { release } = this.#handoff;
    return release === undefined || this.#parts.broadcast(release);
  }
}
