import { getHeapStatistics } from "node:v8";
import { Caller, filteredCalls, type MakeCall, References, Router } from "@troupe/client";
import { type ActorAddress, type Logger, silentMetrics } from "@troupe/core";
import type { AdminMethod, DurablePart, SiloHost, SiloService } from "@troupe/sdk";
import { CallBudget } from "../activation/call-budget.ts";
import { Catalog } from "../activation/catalog.ts";
import { DeadlockDetector } from "../activation/deadlock-detector.ts";
import { IdleCollection } from "../activation/idle-collection.ts";
import { servingThrough } from "../activation/incoming-call.ts";
import { TurnLog } from "../activation/turn-log.ts";
import { TurnMeter } from "../activation/turn-meter.ts";
import { WaitWatch } from "../activation/wait-watch.ts";
import { AwakeService } from "../durability/awake-service.ts";
import { IndexSweep } from "../durability/index-sweep.ts";
import { PartRegistry } from "../durability/part-registry.ts";
import { RefusedClaims } from "../durability/refused-claims.ts";
import { StoredActor, type StoredActorParts } from "../durability/stored-actor.ts";
import { actorAdminMethods } from "../inspect/actor-admin.ts";
import { AdminMethods } from "../inspect/admin-methods.ts";
import type { OwnerDesk } from "../inspect/owner-desk.ts";
import { sessionAdminMethods } from "../inspect/session-admin.ts";
import { siloHealth } from "../inspect/silo-health.ts";
import { waitAdminMethod } from "../inspect/wait-admin.ts";
import type { FailureDetector } from "../membership/failure-detector.ts";
import { MembershipAgent } from "../membership/membership-agent.ts";
import { Deployments } from "../ownership/deployments.ts";
import { Handoff } from "../ownership/handoff.ts";
import { Heirs } from "../ownership/heirs.ts";
import { ReleaseAnnouncer } from "../ownership/release-announcer.ts";
import { ReminderTicks } from "../reminders/reminder-ticks.ts";
import { AccessRules } from "../routing/access-rules.ts";
import { AdmissionQueue } from "../routing/admission-queue.ts";
import { Dispatcher } from "../routing/dispatcher.ts";
import { builtInParts } from "./built-in-parts.ts";
import { composeDetector } from "./compose-detector.ts";
import { composeLinks } from "./compose-links.ts";
import { composeOwnerDesk } from "./compose-owner-desk.ts";
import { OpenStreams } from "../streams/open-streams.ts";
import { SiloActors } from "./silo-actors.ts";
import type { ComposeParts, SessionOwner } from "./session-owner.ts";
import type { SiloLinks } from "./silo-links.ts";
import { DEFAULT_LEASE_TTL_MS, type SiloOptions } from "./silo-options.ts";
import { offersOf } from "./silo-record.ts";
import { SiloServices } from "./silo-services.ts";

/**
 * Everything that makes up one silo while it has a lease, each part made once and told of the
 * others. Nothing here acts: `SiloSession` has the silo join and leave, and `SiloActors` has its
 * actors live and its calls go their way.
 */
export class ComposedSilo {
  readonly logger: Logger;
  readonly leaseTtlMs: number;
  readonly agent: MembershipAgent;
  readonly deployments: Deployments;
  readonly links: SiloLinks;
  readonly detector: FailureDetector;
  readonly actors: SiloActors;
  readonly #parts: ComposeParts;
  readonly #session: SessionOwner;
  readonly #host: SiloHost;
  readonly #registry: PartRegistry;
  readonly #access: AccessRules;
  readonly #budget: CallBudget;
  readonly #deadlocks: DeadlockDetector;
  readonly #waits: WaitWatch;
  readonly #handoff: Handoff;
  readonly #announcer: ReleaseAnnouncer;
  readonly #streams: OpenStreams;
  readonly #catalog: Catalog;
  readonly #owner: OwnerDesk;
  readonly #dispatcher: Dispatcher;
  readonly #admission: AdmissionQueue;
  readonly #router: Router;
  readonly #caller: Caller;
  readonly #references: References;
  readonly #services: SiloServices;
  readonly #turnMeter: TurnMeter | undefined;

  constructor(parts: ComposeParts, session: SessionOwner) {
    const { siloId, ports, options } = parts;
    const { placement } = session;
    const { clock } = ports;
    this.#parts = parts;
    this.#session = session;
    this.logger = ports.logger.child({ silo: siloId });
    this.leaseTtlMs = options.leaseTtlMs ?? DEFAULT_LEASE_TTL_MS;
    this.agent = this.#createAgent();
    this.deployments = this.#createDeployments();
    this.#host = this.#createHost();
    this.#registry = new PartRegistry(this.#createDurableParts());
    this.#access = new AccessRules(options.access, parts.definitions);
    this.#budget = new CallBudget(options.waitingBytes ?? {}, getHeapStatistics().heap_size_limit);
    this.#deadlocks = new DeadlockDetector({
      openCallsOf: (token) => this.#router.openCallsOf(token),
      ask: (call) => this.actors.askWait(call),
    });
    this.#waits = new WaitWatch({
      clock,
      breakCycle: (runner) => this.#deadlocks.breakCycle(runner),
    });
    this.#handoff = new Handoff(siloId, placement);
    this.#announcer = new ReleaseAnnouncer({
      clock,
      held: () => this.#handoff.held,
      announce: () => this.actors.announceRelease(),
    });
    this.#streams = new OpenStreams(clock);
    this.#turnMeter = options.metrics === undefined ? undefined : new TurnMeter();
    this.#catalog = this.#createCatalog();
    this.#owner = this.#createOwnerDesk();
    this.#dispatcher = this.#createDispatcher();
    this.#admission = this.#createAdmission();
    this.#router = this.#createRouter();
    this.#caller = new Caller(clock, this.#router);
    const call = filteredCalls(options.filters?.outgoing, clock, this.#caller);
    this.#references = new References(parts.definitions, call);
    this.#services = new SiloServices(this.#createServices(), this.logger);
    this.actors = this.#createActors(call);
    this.links = composeLinks(
      {
        ...parts,
        session,
        operatorTurns: this.#registry.operatorTurns,
        access: this.#access,
        admission: this.#admission,
        router: this.#router,
        streams: this.#streams,
      },
      this,
    );
    this.detector = composeDetector(parts, session, this);
  }

  #createAgent(): MembershipAgent {
    const { ports, options } = this.#parts;
    return new MembershipAgent({
      clock: ports.clock,
      logger: this.logger,
      membership: ports.membership,
      leaseTtlMs: this.leaseTtlMs,
      leasePolicy: options.leasePolicy ?? "strict",
      onView: (succession) => this.#session.setView(succession),
      onLost: () => this.#session.lose(),
    });
  }

  #createDeployments(): Deployments {
    const { siloId, ports, options } = this.#parts;
    return new Deployments({
      siloId,
      clock: ports.clock,
      logger: this.logger,
      membership: ports.membership,
      switchAt: options.deploy?.switchAt,
      adverts: () => this.agent.member?.types ?? {},
      isOver: () => this.#session.isOver,
      background: (work) => this.#session.background(work),
    });
  }

  /** What services and extensions see of the silo. */
  #createHost(): SiloHost {
    const { siloId, ports, definitions, options } = this.#parts;
    const { clock, random, stateStore, reminderStore } = ports;
    const registry = (): PartRegistry => this.#registry;
    return {
      siloId,
      isTrial: options.isTrial === true,
      clock,
      random,
      logger: this.logger,
      stateStore,
      reminderStore,
      definitions,
      get parts() {
        return registry();
      },
      owns: (address) => this.actors.owns(address),
      isActive: (address) => this.#catalog.find(address) !== undefined,
      ownedBuckets: () => this.actors.placement.bucketsOf(siloId),
      offersOf: (type) => offersOf(this.actors.placement.view, type),
      callTurn: (address, name, args) => this.actors.callTurn(address, name, args),
      collectIdle: () => this.actors.collectIdle(),
    };
  }

  #createDurableParts(): DurablePart[] {
    return [
      ...builtInParts(this.#host, (send, sender) => this.actors.deliver(send, sender)),
      ...this.#extend((extension) => extension.parts?.(this.#host)),
    ];
  }

  #createServices(): SiloService[] {
    const silo = this.#host;
    return [
      new IdleCollection(silo),
      new AwakeService(silo),
      new ReminderTicks(silo),
      new IndexSweep(silo),
      ...this.#extend((extension) => extension.services?.(silo)),
    ];
  }

  #createAdminMethods(): AdminMethod[] {
    return [
      ...sessionAdminMethods({
        logger: this.logger,
        switchDefinition: (type, digest) => this.deployments.switchByHand(type, digest),
        snapshot: () => this.#session.snapshot,
        health: () => siloHealth(this.#parts.ports, this.agent.guard, this.leaseTtlMs),
        hasFoundGone: (other) => this.detector.foundGone(other),
        onDrainRequested: () => this.#parts.onDrainRequested(),
      }),
      ...actorAdminMethods(this.#host, this.#access, () => this.#catalog.values()),
      waitAdminMethod((call) => this.actors.waitOf(call)),
      ...this.#extend((extension) => extension.adminMethods?.(this.#host)),
    ];
  }

  #extend<T>(
    take: (extension: NonNullable<SiloOptions["extensions"]>[number]) => readonly T[] | undefined,
  ): T[] {
    const { options, definitions } = this.#parts;
    const ofTypes = [...definitions.values()].flatMap(({ extensions }) => extensions ?? []);
    return [...new Set([...(options.extensions ?? []), ...ofTypes])].flatMap(
      (extension) => take(extension) ?? [],
    );
  }

  #createCatalog(): Catalog {
    const { siloId, ports, options } = this.#parts;
    const { guard } = this.agent;
    const stored = this.#createStoredActorParts();
    return new Catalog({
      siloId,
      clock: ports.clock,
      logger: this.logger,
      budget: this.#budget,
      isServing: (now) => guard.isServing(now),
      serving: () => guard.serving(),
      waitingHostsOf: (type) =>
        this.actors.placement.waitingHostsOf(type).map((host) => host.siloId),
      revision: () => this.actors.placement.revision,
      createStorage: (activation) => new StoredActor(stored, activation),
      reference: (type, id, callOptions) => this.#references.actor(type, id, callOptions),
      worker: (type, callOptions) => this.#references.worker(type, callOptions),
      sendReference: (type, id, post) => this.#references.sendReference(type, id, post),
      makeReference: (address) => this.#references.reference(address),
      serve: servingThrough(options.filters?.incoming ?? [], ports.clock),
      refused: (request, sink) => this.#dispatcher.refused(request, sink),
      streams: this.#streams,
      turnLog: new TurnLog(ports.clock, this.logger),
      turnMeter: this.#turnMeter,
      systemTurn: (name) => this.#registry.turn(name),
      watch: (activation, runner) => this.#waits.watch(activation, runner),
      redispatch: (request, sink) => this.#dispatcher.redispatch(request, sink),
      onGone: (activation) => {
        this.actors.activationGone(activation);
        this.#session.changed();
      },
    });
  }

  /** One for all actors: there are many. */
  #createStoredActorParts(): StoredActorParts {
    const { siloId, ports } = this.#parts;
    const { clock, stateStore, reminderStore } = ports;
    const { guard } = this.agent;
    return {
      siloId,
      clock,
      logger: this.logger,
      stateStore,
      reminderStore,
      registry: this.#registry,
      refused: new RefusedClaims(clock, this.logger),
      makeReference: (address: ActorAddress) => this.#references.reference(address),
      revision: () => this.actors.placement.revision,
      isServing: () => guard.isServing(),
      serving: () => guard.serving(),
      isCertain: () => guard.isCertain(),
      admitVersion: (type, version) => this.deployments.admit(type, version),
      onEntriesStored: (entries) => this.#services.entriesStored(entries),
    };
  }

  #createOwnerDesk(): OwnerDesk {
    return composeOwnerDesk({
      ...this.#parts,
      logger: this.logger,
      registry: this.#registry,
      catalog: this.#catalog,
      handoff: this.#handoff,
      deployments: this.deployments,
      actors: () => this.actors,
      dispatcher: () => this.#dispatcher,
      services: () => this.#services,
    });
  }

  #createDispatcher(): Dispatcher {
    const { siloId, ports, definitions } = this.#parts;
    const admin = new AdminMethods(siloId, this.#createAdminMethods(), this.logger);
    return new Dispatcher(
      {
        siloId,
        clock: ports.clock,
        definitions,
        catalog: this.#catalog,
        handoff: this.#handoff,
        budget: this.#budget,
        owner: this.#owner,
        isServing: () => this.agent.guard.isServing(),
        serving: () => this.agent.guard.serving(),
        streams: this.#streams,
        callSilo: (method, args, caller) => admin.answer(method, args, caller),
      },
      this.#session.placement,
    );
  }

  #createAdmission(): AdmissionQueue {
    const { siloId, ports } = this.#parts;
    return new AdmissionQueue({
      siloId,
      clock: ports.clock,
      logger: this.logger,
      budget: this.#budget,
      nextTurn: setImmediate,
      begin: (request, sink) => this.#dispatcher.dispatch(request, sink, ports.clock.monotonic()),
      onEmpty: () => this.#session.changed(),
    });
  }

  #createRouter(): Router {
    const { siloId, ports } = this.#parts;
    return new Router(
      {
        peerId: siloId,
        clock: ports.clock,
        random: ports.random,
        local: this.#dispatcher,
        linkTo: (to) => this.links.linkTo(to),
        makeReference: (address) => this.#references.reference(address),
        changed: () => this.#session.changed(),
      },
      this.#session.placement,
    );
  }

  #createActors(call: MakeCall): SiloActors {
    const { siloId, ports, options, definitions } = this.#parts;
    return new SiloActors(
      {
        siloId,
        clock: ports.clock,
        definitions,
        metrics: options.metrics ?? silentMetrics,
        turnMeter: this.#turnMeter,
        leaseMarginMs: () => this.agent.guard.marginMs(),
        handoff: this.#handoff,
        heirs: new Heirs(siloId),
        announcer: this.#announcer,
        budget: this.#budget,
        deadlocks: this.#deadlocks,
        waits: this.#waits,
        catalog: this.#catalog,
        dispatcher: this.#dispatcher,
        admission: this.#admission,
        router: this.#router,
        caller: this.#caller,
        call,
        services: this.#services,
        linkTo: (to) => this.links.linkTo(to),
      },
      this.#session.placement,
    );
  }
}
