import { getHeapStatistics } from "node:v8";
import {
  Caller,
  type CallTarget,
  callTarget,
  filteredCalls,
  type MakeCall,
  type OpenCall,
  type Placement,
  References,
  type ReplySink,
  Router,
  SILO_TYPE,
} from "@troupe/client";
import {
  type ActorAddress,
  type CancelEnvelope,
  type Clock,
  deliveryOf,
  type Envelope,
  type Link,
  type Logger,
  type Outcome,
  type Random,
  type ReleasedEnvelope,
  type ReminderStore,
  type RequestEnvelope,
  silentMetrics,
  type StateStore,
  type TroupeError,
} from "@troupe/core";
import type {
  ActorDefinition,
  AdminMethod,
  DurablePart,
  Extension,
  SiloHost,
  SiloService,
} from "@troupe/sdk";
import type { Activation } from "../activation/activation.ts";
import type { CallName } from "../activation/call-wait.ts";
import { servingThrough } from "../activation/incoming-call.ts";
import { Catalog } from "../activation/catalog.ts";
import { IdleCollection } from "../activation/idle-collection.ts";
import { AwakeService } from "../durability/awake-service.ts";
import { IndexSweep } from "../durability/index-sweep.ts";
import { PartRegistry } from "../durability/part-registry.ts";
import { RefusedClaims } from "../durability/refused-claims.ts";
import { slotsPart } from "../durability/state-slots.ts";
import { versionPart } from "../durability/state-version.ts";
import { StoredActor, type StoredActorParts } from "../durability/stored-actor.ts";
import { idempotencyPart } from "../idempotency/idempotency-records.ts";
import { DeadlockDetector, type WaitReport } from "../activation/deadlock-detector.ts";
import { WaitWatch } from "../activation/wait-watch.ts";
import { actorAdminMethods } from "../inspect/actor-admin.ts";
import { AdminMethods } from "../inspect/admin-methods.ts";
import { WAIT_OF, waitAdminMethod } from "../inspect/wait-admin.ts";
import { observeSilo, type SiloNumbers } from "../inspect/silo-metrics.ts";
import type { LeaseGuard } from "../membership/lease-guard.ts";
import { Handoff } from "../ownership/handoff.ts";
import { ReleaseAnnouncer } from "../ownership/release-announcer.ts";
import { ReminderTicks } from "../reminders/reminder-ticks.ts";
import { remindersPart } from "../reminders/reminders-part.ts";
import { timersPart } from "../reminders/timers-part.ts";
import { AdmissionQueue } from "../routing/admission-queue.ts";
import { CallBudget } from "../activation/call-budget.ts";
import type { SiloOptions } from "./silo-options.ts";
import { Dispatcher } from "../routing/dispatcher.ts";
import { deduplicationPart } from "../sends/deduplication.ts";
import type { PendingSend } from "../sends/outbox.ts";
import { sendsPart } from "../sends/sends-part.ts";
import { SiloServices } from "./silo-services.ts";

export interface LocalActorsParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  readonly guard: LeaseGuard;
  readonly options: Pick<SiloOptions, "waitingBytes" | "filters" | "metrics">;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  readonly extensions: readonly Extension[];
  linkTo(siloId: string): Link | undefined;
  /** False if a link had no room for it. */
  broadcast(envelope: Envelope): boolean;
  /** An activation has ended. */
  onActivationGone(): void;
  /** What the silo answers about itself, besides its actors. */
  readonly adminMethods: readonly AdminMethod[];
}

/**
 * The actors of one silo: those that live here, and the calls that they and this process make. It
 * acts on what it is told.
 */
export class LocalActors {
  readonly #parts: LocalActorsParts;
  readonly #router: Router;
  readonly #caller: Caller;
  /** Makes a call, through the filters of outgoing ones if there are any. */
  readonly #call: MakeCall;
  readonly #references: References;
  readonly #catalog: Catalog;
  readonly #budget: CallBudget;
  readonly #deadlocks: DeadlockDetector;
  readonly #waits: WaitWatch;
  #stopObserving: (() => void) | undefined;
  readonly #handoff: Handoff;
  readonly #announcer: ReleaseAnnouncer;
  readonly #dispatcher: Dispatcher;
  readonly #admin: AdminMethods;
  readonly #registry: PartRegistry;
  readonly #services: SiloServices;
  readonly #admission: AdmissionQueue;
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
    const silo = this.#createSiloHost();
    this.#registry = new PartRegistry(this.#createParts(silo));
    this.#budget = new CallBudget(
      parts.options.waitingBytes ?? {},
      getHeapStatistics().heap_size_limit,
    );
    this.#deadlocks = new DeadlockDetector({
      openCallsOf: (token) => this.#router.openCallsOf(token),
      ask: (call) => this.#askWait(call),
    });
    this.#waits = new WaitWatch({
      clock,
      breakCycle: (runner) => this.#deadlocks.breakCycle(runner),
    });
    this.#catalog = this.#createCatalog();
    this.#admin = new AdminMethods(siloId, this.#adminMethods(silo));
    this.#dispatcher = new Dispatcher(
      {
        siloId,
        clock,
        definitions,
        catalog: this.#catalog,
        handoff: this.#handoff,
        budget: this.#budget,
        isServing: () => guard.isServing(),
        serving: () => guard.serving(),
        callSilo: (method, args, caller) => this.#admin.answer(method, args, caller),
      },
      placement,
    );
    this.#admission = new AdmissionQueue({
      siloId,
      clock,
      logger,
      budget: this.#budget,
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
    this.#call = filteredCalls(
      parts.options.filters?.outgoing ?? [],
      clock,
      (target, method, args) => this.#caller.call(target, method, args),
    );
    this.#references = new References(definitions, this.#call);
    this.#services = new SiloServices(createServices(silo, parts.extensions), logger);
  }

  /** Runs a system turn in an actor, wherever it lives, or asks a silo. Not for code of users. */
  callTurn(address: ActorAddress, name: string, args: readonly unknown[]): Promise<unknown> {
    return this.#callSystemTurn(address, name, args);
  }

  /** As `call`, for Troupe's own code: also system turns, and calls to silos. */
  callSystem(target: CallTarget, method: string, args: unknown[]): Promise<unknown> {
    return this.#caller.callSystem(target, method, args);
  }

  /** Makes a call that no actor of this silo makes. */
  call(target: CallTarget, method: string, args: unknown[]): unknown {
    return this.#call(target, method, args);
  }

  /** From now on this silo hosts, and its services run. */
  start(): Promise<void> {
    const { siloId, options } = this.#parts;
    this.#stopObserving = observeSilo(options.metrics ?? silentMetrics, siloId, () => this.counts);
    return this.#services.start();
  }

  /**
   * Adopts a view: what this silo no longer owns ends, and the others hear of it
   * (HAND-1). Calls are brought to their new owners only after that, so that none of them meets an
   * activation that has to go. `passed` are the views between the last one and this, if they are
   * known.
   */
  setPlacement(placement: Placement, passed: readonly Placement[] | undefined): void {
    const { siloId } = this.#parts;
    this.#placement = placement;
    this.#admission.unsettle();
    this.#handoff.setPlacement(placement, passed);
    for (const activation of this.#catalog.values()) {
      if (placement.ownerOf(activation.address)?.siloId === siloId) continue;
      this.#handoff.hold(activation.address);
      void activation.close(placement.member(siloId)?.state === "draining" ? "stopping" : "moved");
    }
    this.#announcer.announce();
    this.#router.setPlacement(placement);
    this.#dispatcher.setPlacement(placement);
    this.#services.ownershipChanged();
  }

  onRequest(request: RequestEnvelope, sink: ReplySink): void {
    this.#admission.take(request, sink);
  }

  onReply(callId: number, outcome: Outcome): void {
    this.#router.reply(callId, outcome);
  }

  onCancel(cancel: CancelEnvelope, sink: ReplySink): void {
    if (!this.#admission.cancel(cancel.callId, sink)) this.#dispatcher.cancel(cancel, sink);
  }

  /** The link that the sink answers over has ended. */
  onCallerGone(sink: ReplySink): void {
    this.#admission.callerGone(sink);
    this.#dispatcher.callerGone(sink);
  }

  onReleased(siloId: string, released: ReleasedEnvelope): void {
    const wasSettled = this.#handoff.isSettled;
    this.#handoff.setReleased(siloId, released);
    // What a former owner's last turns set may have come after this silo's last look.
    if (!wasSettled && this.#handoff.isSettled) this.#services.ownershipChanged();
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

  /** What a call waits for that this silo has; undefined if it does not have it. */
  waitOf(call: CallName): WaitReport | undefined {
    return this.#deadlocks.report(this.#catalog.find(call)?.waitOf(call));
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
    return this.#admission.isEmpty && this.#catalog.size === 0 && this.#router.pendingCount === 0;
  }

  get counts(): SiloNumbers & { readonly activations: number } {
    return {
      activations: this.#catalog.size,
      activationsByType: this.#catalog.countByType(),
      callsTotal: this.#dispatcher.received,
      callsPending: this.#router.pendingCount,
      callsRefused: this.#budget.refused,
      callsParked: this.#dispatcher.parked,
      bytesWaiting: this.#budget.waiting,
    };
  }

  /** From now on nothing happens here by itself. */
  quiesce(): void {
    void this.#services.drain();
  }

  /** Ends everything at once; calls that are under way fail. Resolves when nothing is left. */
  async close(): Promise<void> {
    this.quiesce();
    this.#stopObserving?.();
    this.#announcer.stop();
    this.#waits.stop();
    this.#admission.close();
    this.#dispatcher.close();
    for (const activation of this.#catalog.values()) void activation.close("failed");
    this.#router.close();
    await this.#services.stop();
  }

  #owns(address: ActorAddress): boolean {
    return this.#placement.ownerOf(address)?.siloId === this.#parts.siloId;
  }

  #adminMethods(silo: SiloHost): AdminMethod[] {
    const { adminMethods, extensions } = this.#parts;
    return [
      ...adminMethods,
      ...actorAdminMethods(silo, () => this.#catalog.values()),
      waitAdminMethod((call) => this.waitOf(call)),
      ...extensions.flatMap((extension) => extension.adminMethods?.(silo) ?? []),
    ];
  }

  #createSiloHost(): SiloHost {
    const { siloId, clock, random, logger, stateStore, reminderStore, definitions } = this.#parts;
    const registry = (): PartRegistry => this.#registry;
    return {
      siloId,
      clock,
      random,
      logger,
      stateStore,
      reminderStore,
      definitions,
      get parts() {
        return registry();
      },
      owns: (address) => this.#owns(address),
      isActive: (address) => this.#catalog.find(address) !== undefined,
      ownedBuckets: () => this.#placement.bucketsOf(siloId),
      callTurn: (address, name, args) => this.#callSystemTurn(address, name, args),
      collectIdle: () => this.#collectIdle(),
    };
  }

  #createParts(silo: SiloHost): DurablePart[] {
    const deliver = (send: PendingSend, sender: ActorAddress): Promise<unknown> =>
      this.#deliver(send, sender);
    return [
      slotsPart,
      versionPart,
      remindersPart,
      timersPart,
      sendsPart({
        logger: silo.logger,
        callTurn: (address, name, args) => silo.callTurn(address, name, args),
        deliver,
      }),
      deduplicationPart(silo),
      idempotencyPart,
      ...this.#parts.extensions.flatMap((extension) => extension.parts?.(silo) ?? []),
    ];
  }

  #createCatalog(): Catalog {
    const { siloId, clock, logger, guard } = this.#parts;
    const storedActorParts = this.#createStoredActorParts();
    return new Catalog({
      siloId,
      clock,
      logger,
      budget: this.#budget,
      isServing: (now) => guard.isServing(now),
      serving: () => guard.serving(),
      revision: () => this.#placement.revision,
      createStorage: (activation) => new StoredActor(storedActorParts, activation),
      reference: (type, id, options) => this.#references.actor(type, id, options),
      sendReference: (type, id, post) => this.#references.sendReference(type, id, post),
      makeReference: (address) => this.#references.reference(address),
      serve: servingThrough(this.#parts.options.filters?.incoming ?? [], clock),
      systemTurn: (name) => this.#registry.turn(name),
      watch: (activation, runner) => this.#waits.watch(activation, runner),
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
      registry: this.#registry,
      refused: new RefusedClaims(clock, logger),
      makeReference: (address) => this.#references.reference(address),
      revision: () => this.#placement.revision,
      isServing: () => guard.isServing(),
      serving: () => guard.serving(),
      isCertain: () => guard.isCertain(),
      onEntriesStored: (entries) => this.#services.entriesStored(entries),
    };
  }

  #collectIdle(): void {
    const now = this.#parts.clock.monotonic();
    for (const activation of this.#catalog.values()) {
      if (activation.isIdle(now)) void activation.close("idle");
    }
  }

  #callSystemTurn(
    address: ActorAddress,
    method: string,
    args: readonly unknown[],
  ): Promise<unknown> {
    return this.#caller.callSystem(callTarget(address, undefined, undefined), method, [...args]);
  }

  #deliver(send: PendingSend, sender: ActorAddress): Promise<unknown> {
    const { type, id, method, args, headers, seq } = send;
    const options = headers === undefined ? undefined : { headers };
    const target = callTarget({ type, id }, this.#parts.definitions.get(type), options);
    const delivery = deliveryOf(sender, seq, send.answer !== undefined);
    return this.#caller.deliver(target, { method, args, delivery });
  }

  #onGone(activation: Activation): void {
    if (this.#handoff.letGo(activation.address)) this.#announcer.announceSoon();
    this.#dispatcher.releaseParkedFor(activation.address);
    this.#parts.onActivationGone();
  }

  async #askWait(call: OpenCall): Promise<WaitReport | undefined> {
    if (call.siloId === this.#parts.siloId) return this.waitOf(call);
    const { type, id, peerId, callId } = call;
    try {
      const answer = await this.callSilo(call.siloId, WAIT_OF, [{ type, id, peerId, callId }]);
      return answer as WaitReport | undefined;
    } catch {
      // It is not there any more, or too busy to say: then nothing is known of the call.
      return undefined;
    }
  }

  #announce(): boolean {
    const { release } = this.#handoff;
    return release === undefined || this.#parts.broadcast(release);
  }
}

function createServices(silo: SiloHost, extensions: readonly Extension[]): SiloService[] {
  return [
    new IdleCollection(silo),
    new AwakeService(silo),
    new ReminderTicks(silo),
    new IndexSweep(silo),
    ...extensions.flatMap((extension) => extension.services?.(silo) ?? []),
  ];
}
