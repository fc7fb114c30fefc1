import {
  isSystemName,
  type LocalSilo,
  type Placement,
  type ReplySink,
  SILO_TYPE,
} from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  type CreditEnvelope,
  errorToPortable,
  formatAddress,
  messageOf,
  type RefusalReason,
  type RequestEnvelope,
  toPortable,
  TroupeError,
} from "@troupe/core";
import { answerError } from "../activation/outcome.ts";
import type { ActorDefinition, AdminCaller } from "@troupe/sdk";
import type { Catalog } from "../activation/catalog.ts";
import type { Handoff } from "../ownership/handoff.ts";
import { WorkerPool } from "../activation/worker-pool.ts";
import type { CallBudget } from "../activation/call-budget.ts";
import type { OpenStreams } from "../streams/open-streams.ts";
import { ParkingLot } from "./parking-lot.ts";
import { RefusedCalls } from "./refused-calls.ts";

/**
 * A call that was sent before an actor left this silo arrives sooner than this after the actor has
 * come back, or its link is broken.
 */
const LATE_MS = 1_000;

/** A placement that was replaced, and when. */
interface Replaced {
  readonly placement: Placement;
  readonly at: number;
}

/** What a silo answers in the place of the actors that it owns, without an activation. */
export interface OwnerAnswers {
  /** True for the name of such a question. */
  asks(method: string): boolean;
  answer(request: RequestEnvelope, args: readonly unknown[], caller: AdminCaller): Promise<unknown>;
  /** True while no activation of the actor may begin. */
  isHeld(address: ActorAddress): boolean;
}

export interface DispatcherParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  readonly catalog: Catalog;
  readonly handoff: Handoff;
  readonly budget: CallBudget;
  readonly streams: OpenStreams;
  /** False while the silo starts, or its lease is in doubt. */
  isServing(): boolean;
  /** True once the silo is certain of its lease, false if that is lost. */
  serving(): Promise<boolean>;
  readonly owner: OwnerAnswers;
  /** Answers a call to the silo itself. */
  callSilo(method: string, args: readonly unknown[], caller: AdminCaller): Promise<unknown>;
}

/**
 * Takes every request that reaches this silo, from its own actors and over the links, and brings it
 * to its activation.
 *
 * DISP-1. A request is run only by the owner of its actor in this silo's view (C1).
 * DISP-2. A request that was sent with a newer view waits for that view; what is refused is refused
 *     with this silo's revision, so that the caller knows which view it lacks.
 * DISP-3. A request that was sent before an actor left this silo is refused when the actor has just
 *     come back: one before it may have been refused meanwhile, and must not be overtaken (C5). So
 *     is one behind a request that this silo has refused itself; see `RefusedCalls`.
 * DISP-4. A request that is not to wake its actor (`ifActive`) makes no activation. The owner
 *     answers it with `NOT_ACTIVE`, and only when no other silo can have the actor any more.
 */
export class Dispatcher implements LocalSilo {
  readonly siloId: string;
  readonly #parts: DispatcherParts;
  readonly #parked: ParkingLot;
  readonly #workers: WorkerPool;
  readonly #refused = new RefusedCalls();
  #placement: Placement;
  #replaced: readonly Replaced[] = [];
  #received = 0;

  constructor(parts: DispatcherParts, placement: Placement) {
    this.siloId = parts.siloId;
    this.#parts = parts;
    this.#placement = placement;
    this.#workers = new WorkerPool(parts.siloId, parts.catalog);
    this.#parked = new ParkingLot({
      clock: parts.clock,
      onLeft: (request, sink) => parts.budget.give(request, sink),
      onPutOut: (request, sink) => this.#refuseParking(request, sink),
    });
  }

  /** Calls that wait for a change of the cluster, or for an activation to end. */
  get parked(): number {
    return this.#parked.size;
  }

  /** Calls to actors so far. */
  get received(): number {
    return this.#received;
  }

  setPlacement(placement: Placement): void {
    const at = this.#parts.clock.monotonic();
    this.#replaced = [
      ...this.#replaced.filter((other) => at - other.at < LATE_MS),
      { placement: this.#placement, at },
    ];
    this.#placement = placement;
    this.releaseParked();
  }

  /** Something that requests may be waiting for has come. */
  releaseParked(): void {
    this.#parked.release((request, sink) => this.redispatch(request, sink));
  }

  /** An activation is over: what waits for the actor may go on. */
  releaseParkedFor(address: ActorAddress): void {
    this.#parked.releaseOf(address, (request, sink) => this.redispatch(request, sink));
  }

  dispatch(request: RequestEnvelope, sink: ReplySink, now: number): void {
    if (request.type !== SILO_TYPE) this.#received++;
    this.#route(request, sink, now);
  }

  /** Takes a request again that was here before. */
  redispatch(request: RequestEnvelope, sink: ReplySink): void {
    this.#route(request, sink, this.#parts.clock.monotonic());
  }

  cancel(request: { readonly callId: number } & ActorAddress, sink: ReplySink): void {
    if (this.#parts.streams.cancel(request.callId, sink)) return;
    const worker = this.#parts.definitions.get(request.type)?.worker;
    if (worker === undefined) this.#parts.catalog.find(request)?.cancel(request.callId, sink);
    else
      for (const instance of this.#workers.instances(request.type, worker))
        instance.cancel(request.callId, sink);
    if (!this.#parked.isEmpty) this.#parked.cancel(request, sink);
  }

  /** The reader of a stream has taken items. */
  credit(credit: CreditEnvelope, sink: ReplySink): void {
    this.#parts.streams.credit(credit, sink);
  }

  /** The caller's link has ended: what it waits for need not be done. */
  callerGone(sink: ReplySink): void {
    this.#parts.streams.callerGone(sink);
    this.#parked.callerGone(sink);
  }

  /** Forgets what waits here; nothing is begun any more. */
  close(): void {
    this.#parked.close();
  }

  #route(request: RequestEnvelope, sink: ReplySink, now: number): void {
    if (request.type === SILO_TYPE) return this.#askSilo(request, sink);
    if (this.#isBehindRefused(request, sink, now)) return this.#refuse(request, sink, "not-ready");
    const { revision } = this.#placement;
    if (request.revision > revision) return this.#park(request, sink);
    if (request.revision < revision && this.#wasElsewhere(request))
      return this.#refuse(request, sink);
    if (isSystemName(request.method) && this.#parts.owner.asks(request.method))
      return this.#askOwner(request, sink);
    const activation = this.#parts.catalog.find(request);
    if (activation !== undefined) {
      // It holds its turns itself while the lease is in doubt.
      if (activation.accept(request, sink, now) === "closing") this.#park(request, sink);
      return;
    }
    if (!this.#parts.isServing()) return this.#parkUntilServing(request, sink);
    const definition = this.#parts.definitions.get(request.type);
    const owner = this.#placement.ownerOf(request);
    if (owner?.siloId !== this.siloId || definition === undefined)
      return this.#refuse(request, sink);
    if (definition.worker !== undefined) return this.#work(request, sink, definition, now);
    if (!this.#mayActivate(request)) return this.#park(request, sink);
    if (request.ifActive !== undefined) return answerError(sink, request, notActive(request));
    this.#activate(request, sink, definition, now);
  }

  #mayActivate(address: ActorAddress): boolean {
    return !this.#parts.owner.isHeld(address) && this.#parts.handoff.mayActivate(address);
  }

  /** A question that the owner answers itself. */
  #askOwner(request: RequestEnvelope, sink: ReplySink): void {
    if (!this.#parts.isServing()) return this.#parkUntilServing(request, sink);
    const isHosted = this.#parts.definitions.has(request.type);
    if (!isHosted || this.#placement.ownerOf(request)?.siloId !== this.siloId)
      return this.#refuse(request, sink);
    if (!this.#parts.handoff.mayActivate(request)) return this.#park(request, sink);
    void this.#answer(request, sink, (args, caller) =>
      this.#parts.owner.answer(request, args, caller),
    );
  }

  #askSilo(request: RequestEnvelope, sink: ReplySink): void {
    void this.#answer(request, sink, async (args, caller) => {
      if (request.id !== this.siloId)
        throw new TroupeError("CLUSTER_UNAVAILABLE", `${formatAddress(request)} is not this silo`);
      return this.#parts.callSilo(request.method, args, caller);
    });
  }

  /** A call of a stateless worker, of which any instance will do. */
  #work(request: RequestEnvelope, sink: ReplySink, definition: ActorDefinition, now: number): void {
    const { worker, name, mailboxMax } = definition;
    const instance = worker && this.#workers.place(definition, worker);
    if (instance === undefined) {
      this.#parts.budget.countRefusal();
      const message = `${mailboxMax} calls of the stateless worker ${name} wait on silo ${this.siloId}; call less, or raise perSilo`;
      return answerError(sink, request, new TroupeError("OVERLOADED", message));
    }
    const call = { ...request, id: instance.id };
    const activation = this.#parts.catalog.find(instance);
    if (activation === undefined) this.#activate(call, sink, definition, now);
    else if (activation.accept(call, sink, now) === "closing") this.#park(call, sink);
  }

  #activate(
    request: RequestEnvelope,
    sink: ReplySink,
    definition: ActorDefinition,
    now: number,
  ): void {
    try {
      this.#parts.catalog.start(request, definition).accept(request, sink, now);
    } catch (error) {
      sink.reply(request.callId, { kind: "error", payload: errorToPortable(error) });
    }
  }

  /**
   * True if an earlier call of the same caller was refused and is on its way back to it, or to
   * here. That is asked as the request comes, whatever view it waits for: by when that is here, the
   * earlier one may have been forgotten.
   */
  #isBehindRefused(request: RequestEnvelope, sink: ReplySink, now: number): boolean {
    if (this.#refused.isEmpty(now) || isPartOfWaitingTurn(request)) return false;
    return this.#refused.isBehind(sink.peerId, request, now);
  }

  /**
   * True if another silo owned the actor in a view that came after the request's, and was this
   * silo's until just now.
   */
  #wasElsewhere(request: RequestEnvelope): boolean {
    const now = this.#parts.clock.monotonic();
    return this.#replaced.some(({ placement, at }) => {
      return (
        placement.revision > request.revision &&
        now - at < LATE_MS &&
        placement.ownerOf(request)?.siloId !== this.siloId
      );
    });
  }

  /**
   * Not refused: a later call of the same caller, which is under way already, must not overtake it
   * (C5).
   */
  #park(request: RequestEnvelope, sink: ReplySink): void {
    const { budget } = this.#parts;
    const shortage = budget.take(request, sink);
    if (shortage !== undefined)
      return answerError(sink, request, budget.refusal(shortage, request, sink));
    if (this.#parked.park(request, sink)) return;
    budget.give(request, sink);
    this.#refuseParking(request, sink);
  }

  #refuseParking(request: RequestEnvelope, sink: ReplySink): void {
    this.#parts.budget.countRefusal();
    const message = `silo ${this.siloId} has too many calls waiting for a change of the cluster; call again later`;
    answerError(sink, request, new TroupeError("OVERLOADED", message));
  }

  #parkUntilServing(request: RequestEnvelope, sink: ReplySink): void {
    this.#park(request, sink);
    void this.#releaseWhenServing();
  }

  async #releaseWhenServing(): Promise<void> {
    if (await this.#parts.serving()) this.releaseParked();
    // It never will again, so nothing can overtake here: what waits has certainly not run, and
    // another silo can have it (C6).
    else this.#parked.release((request, sink) => this.#refuse(request, sink));
  }

  /**
   * The request is refused, so its caller will make it again. Later ones of the same caller that
   * are under way must not overtake it, if the actor comes to be this silo's meanwhile (C5).
   */
  refused(request: RequestEnvelope, sink: ReplySink): void {
    if (isPartOfWaitingTurn(request)) return;
    this.#refused.add(sink.peerId, request, this.#parts.clock.monotonic());
  }

  #refuse(request: RequestEnvelope, sink: ReplySink, reason: RefusalReason = "not-owner"): void {
    this.refused(request, sink);
    const { revision } = this.#placement;
    sink.reply(request.callId, { kind: "refused", reason, revision });
  }

  async #answer(
    request: RequestEnvelope,
    sink: ReplySink,
    ask: (args: readonly unknown[], caller: AdminCaller) => Promise<unknown>,
  ): Promise<void> {
    try {
      const { peerId, principal } = sink;
      const value = await ask(request.args.value as unknown[], { peerId, ...principal });
      sink.reply(request.callId, { kind: "value", payload: toPortable(value, { root: "result" }) });
    } catch (error) {
      const known =
        error instanceof TroupeError
          ? error
          : new TroupeError("INTERNAL", messageOf(error), { cause: error });
      sink.reply(request.callId, { kind: "error", payload: errorToPortable(known) });
    }
  }
}

/** A call that comes back to an actor which waits for it is in nobody's order. */
function isPartOfWaitingTurn({ chain, type, id }: RequestEnvelope): boolean {
  return chain.some((entry) => entry.id === id && entry.type === type);
}

function notActive(request: RequestEnvelope): TroupeError {
  const message = `${formatAddress(request)} is not active, and ${request.method}() was not to wake it; leave ifActive out to wake it`;
  return new TroupeError("NOT_ACTIVE", message);
}
