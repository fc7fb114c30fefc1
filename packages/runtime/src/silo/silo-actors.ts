import {
  type Caller,
  type CallTarget,
  callTarget,
  type LetterOutcome,
  workerTarget,
  type MakeCall,
  type OpenCall,
  type Placement,
  type ReplySink,
  type Router,
  SILO_TYPE,
} from "@troupe/client";
import {
  type ActorAddress,
  type CancelEnvelope,
  type Clock,
  deliveryOf,
  type Link,
  type Metrics,
  type ReleasedEnvelope,
} from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { Activation } from "../activation/activation.ts";
import type { CallBudget } from "../activation/call-budget.ts";
import type { CallName } from "../activation/call-wait.ts";
import type { Catalog } from "../activation/catalog.ts";
import type { DeadlockDetector, WaitReport } from "../activation/deadlock-detector.ts";
import type { WaitWatch } from "../activation/wait-watch.ts";
import type { MethodTurns, TurnMeter } from "../activation/turn-meter.ts";
import { observeSilo, type SiloCounts, type SiloNumbers } from "../inspect/silo-metrics.ts";
import { WAIT_OF } from "../inspect/wait-admin.ts";
import type { Handoff } from "../ownership/handoff.ts";
import type { Heirs } from "../ownership/heirs.ts";
import type { ReleaseAnnouncer } from "../ownership/release-announcer.ts";
import type { AdmissionQueue } from "../routing/admission-queue.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";
import type { PendingSend } from "../sends/outbox.ts";
import type { SiloServices } from "./silo-services.ts";

export interface SiloActorsParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  readonly metrics: Metrics;
  readonly turnMeter: TurnMeter | undefined;
  leaseMarginMs(): number;
  readonly handoff: Handoff;
  readonly heirs: Heirs;
  readonly announcer: ReleaseAnnouncer;
  readonly budget: CallBudget;
  readonly deadlocks: DeadlockDetector;
  readonly waits: WaitWatch;
  readonly catalog: Catalog;
  readonly dispatcher: Dispatcher;
  readonly admission: AdmissionQueue;
  readonly router: Router;
  readonly caller: Caller;
  /** Makes a call, through the filters of outgoing ones if there are any. */
  readonly call: MakeCall;
  readonly services: SiloServices;
  linkTo(siloId: string): Link | undefined;
}

/**
 * The actors of one silo: those that live here, and the calls that they and this process make. It
 * acts on what it is told.
 */
export class SiloActors {
  readonly #parts: SiloActorsParts;
  #placement: Placement;
  /** By silo, which release of the current view it was told. */
  readonly #told = new Map<string, ReleasedEnvelope>();
  #stopObserving: (() => void) | undefined;

  constructor(parts: SiloActorsParts, placement: Placement) {
    this.#parts = parts;
    this.#placement = placement;
  }

  /** The one that was adopted last. */
  get placement(): Placement {
    return this.#placement;
  }

  owns(address: ActorAddress): boolean {
    return this.#placement.ownerOf(address)?.siloId === this.#parts.siloId;
  }

  /** From now on this silo hosts, and its services run. */
  start(): Promise<void> {
    const { siloId, metrics, turnMeter, services } = this.#parts;
    const turns = (): Iterable<MethodTurns> => turnMeter?.values() ?? [];
    this.#stopObserving = observeSilo(metrics, siloId, { numbers: () => this.#numbers, turns });
    return services.start();
  }

  /**
   * Adopts a view: what this silo no longer owns ends, and the others hear of it (HAND-1). Calls
   * are brought to their new owners only after that, so that none of them meets an activation that
   * has to go. `passed` are the views between the last one and this, if they are known.
   */
  setPlacement(placement: Placement, passed: readonly Placement[] | undefined): void {
    const { siloId, admission, handoff, heirs, catalog, announcer } = this.#parts;
    this.#placement = placement;
    this.#told.clear();
    admission.unsettle();
    handoff.setPlacement(placement, passed);
    heirs.setPlacement(placement, passed, handoff.unsettled);
    for (const activation of catalog.values()) {
      if (this.owns(activation.address)) continue;
      handoff.hold(activation.address);
      void activation.close(placement.member(siloId)?.state === "draining" ? "stopping" : "moved");
    }
    announcer.announce();
    this.#parts.router.setPlacement(placement);
    this.#parts.dispatcher.setPlacement(placement);
    this.#parts.services.ownershipChanged();
  }

  /** Another silo has released a view. */
  setReleased(siloId: string, released: ReleasedEnvelope): void {
    const { handoff, services, dispatcher } = this.#parts;
    const { hasInherited: hadInherited, isSettled: wasSettled } = handoff;
    handoff.setReleased(siloId, released);
    // What a former owner's last turns set may have come after this silo's last look; and what a
    // silo that died had under way may still have come before the others have settled.
    const hasNow = !hadInherited && handoff.hasInherited;
    if (hasNow || (!wasSettled && handoff.isSettled)) services.ownershipChanged();
    dispatcher.releaseParked();
  }

  /**
   * Tells its heirs what this silo has released; the other silos hear it when their links are
   * probed. False if it has to be told again.
   */
  announceRelease(): boolean {
    const { heirs } = this.#parts;
    let isComplete = true;
    for (const { siloId } of this.#placement.view.members)
      if (heirs.has(siloId) && !this.tellRelease(siloId)) isComplete = false;
    return isComplete;
  }

  /** Tells one silo, if it does not know yet. False if its link has no room for it. */
  tellRelease(siloId: string): boolean {
    const { release } = this.#parts.handoff;
    if (siloId === this.#parts.siloId || release === undefined) return true;
    if (this.#told.get(siloId) === release) return true;
    const sent = this.#parts.linkTo(siloId)?.send(release);
    if (sent === "sent") this.#told.set(siloId, release);
    // A silo without a link is told when there is one.
    return sent !== "full";
  }

  linkUp(link: Link): void {
    this.#told.delete(link.remote.peerId);
    this.tellRelease(link.remote.peerId);
    this.#parts.router.linkUp();
  }

  cancel(cancel: CancelEnvelope, sink: ReplySink): void {
    const { admission, dispatcher } = this.#parts;
    if (!admission.cancel(cancel.callId, sink)) dispatcher.cancel(cancel, sink);
  }

  /** The link that the sink answers over has ended. */
  callerGone(sink: ReplySink): void {
    this.#parts.admission.callerGone(sink);
    this.#parts.dispatcher.callerGone(sink);
  }

  activationGone({ address }: Activation): void {
    const { handoff, announcer, dispatcher } = this.#parts;
    if (handoff.letGo(address)) announcer.announceSoon();
    dispatcher.releaseParkedFor(address);
  }

  collectIdle(): void {
    const { catalog, clock } = this.#parts;
    const now = clock.monotonic();
    for (const activation of catalog.values()) {
      if (activation.isIdle(now)) void activation.close("idle");
    }
  }

  /** Makes a call that no actor of this silo makes. */
  call(target: CallTarget, method: string, args: unknown[]): unknown {
    return this.#parts.call(target, method, args);
  }

  /** As `call`, for Troupe's own code: also system turns, and calls to silos. */
  callSystem(target: CallTarget, method: string, args: unknown[]): Promise<unknown> {
    return this.#parts.caller.callSystem(target, method, args);
  }

  /** Runs a system turn in an actor, wherever it lives, or in any stateless worker of the type. */
  callTurn(address: ActorAddress, name: string, args: readonly unknown[]): Promise<unknown> {
    const definition = this.#parts.definitions.get(address.type);
    const target =
      definition?.worker === undefined
        ? callTarget(address, undefined, undefined)
        : workerTarget(address.type, undefined, undefined);
    return this.callSystem(target, name, [...args]);
  }

  /** Asks another silo. */
  callSilo(siloId: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const target = callTarget({ type: SILO_TYPE, id: siloId }, undefined, { timeout: "2s" });
    return this.callSystem(target, method, [...args]);
  }

  /**
   * Tries once to deliver a durable send: one for a stateless worker, to any that serves it. Never
   * rejects.
   */
  async deliver(send: PendingSend, sender: ActorAddress): Promise<LetterOutcome> {
    const { type, id, method, args, headers, seq } = send;
    const { caller, definitions } = this.#parts;
    const options = headers === undefined ? undefined : { headers };
    const definition = definitions.get(type);
    const target =
      definition?.worker === undefined
        ? callTarget({ type, id }, definition, options)
        : workerTarget(type, definition, options);
    const delivery = deliveryOf(sender, seq, send.answer !== undefined);
    return caller.deliver(target, { method, args, delivery });
  }

  /** What a call waits for that this silo has; undefined if it does not have it. */
  waitOf(call: CallName): WaitReport | undefined {
    const { deadlocks, catalog } = this.#parts;
    return deadlocks.report(catalog.find(call)?.waitOf(call));
  }

  /** What a call waits for, wherever it is; undefined if nobody knows. */
  async askWait(call: OpenCall): Promise<WaitReport | undefined> {
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

  /**
   * For a silo that drains: what its actors wait for must not hold it up if nobody is left who
   * could do it.
   */
  giveUpWaiting(): void {
    this.#parts.router.giveUpWaiting();
  }

  /** True if nothing is active here or about to be, and no call of this process is under way. */
  get isQuiet(): boolean {
    const { admission, catalog, router } = this.#parts;
    return admission.isEmpty && catalog.size === 0 && router.pendingCount === 0;
  }

  get counts(): SiloCounts {
    const { catalog, dispatcher, router } = this.#parts;
    return {
      activations: catalog.size,
      activationsByType: catalog.countByType(),
      callsTotal: dispatcher.received,
      callsPending: router.pendingCount,
    };
  }

  get #numbers(): SiloNumbers {
    const { dispatcher, budget } = this.#parts;
    return {
      ...this.counts,
      callsRefused: budget.refused,
      callsParked: dispatcher.parked,
      bytesWaiting: budget.waiting,
      revision: this.#placement.revision,
      members: this.#placement.view.members.length,
      leaseMarginMs: this.#parts.leaseMarginMs(),
    };
  }

  /** From now on nothing happens here by itself. */
  quiesce(): Promise<void> {
    return this.#parts.services.drain();
  }

  /** Ends everything at once; calls that are under way fail. Resolves when nothing is left. */
  async close(): Promise<void> {
    const { announcer, waits, admission, dispatcher, catalog, router, services } = this.#parts;
    const quiesced = this.quiesce();
    this.#stopObserving?.();
    announcer.stop();
    waits.stop();
    admission.close();
    dispatcher.close();
    for (const activation of catalog.values()) void activation.close("failed");
    router.close();
    await services.stop();
    await quiesced;
  }
}
