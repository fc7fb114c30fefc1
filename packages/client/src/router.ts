import {
  type ActorAddress,
  type Clock,
  type CreditEnvelope,
  type Envelope,
  fromPortable,
  type Link,
  type MakeReference,
  messageOf,
  type Outcome,
  type Principal,
  type Random,
  type RequestEnvelope,
  type Scheduled,
  type StreamItem,
  TroupeError,
} from "@troupe/core";
import { describeCall, type OutboundCall } from "./outbound-call.ts";
import { PendingCalls } from "./pending-calls.ts";
import type { Placement } from "./placement.ts";
import { nowhere, timeoutOf } from "./routing-errors.ts";
import { StreamCalls } from "./stream-calls.ts";
import { WaitingCalls } from "./waiting-calls.ts";
import { WorkerChoice } from "./worker-call.ts";

/** A call that was sent and that has not ended. */
export interface OpenCall extends ActorAddress {
  readonly method: string;
  /** Who made it, and its number there. */
  readonly peerId: string;
  readonly callId: number;
  /** The silo that has it. */
  readonly siloId: string;
}

/** Where the outcome of a request goes. */
export interface ReplySink {
  /** The silo or client that made the request. */
  readonly peerId: string;
  /** Who made it, as was proven when the link was opened. */
  readonly principal: Principal;
  /** Bytes of its calls that wait on the silo that has them; counted by that silo. */
  waitingBytes?: number;
  reply(callId: number, outcome: Outcome): void;
  /** Of the stream, if what it takes are the outcomes of a stream's turns. */
  readonly signal?: AbortSignal;
  /** An item of a stream that it opened. False if there is no room for it now. */
  item?(callId: number, item: StreamItem): boolean;
}

/** The silo in this process, if there is one: calls to its own actors go to it without a link. */
export interface LocalSilo {
  readonly siloId: string;
  /** `now` is the monotonic time, read since the caller last waited for anything. */
  dispatch(request: RequestEnvelope, sink: ReplySink, now: number): void;
  cancel(request: RequestEnvelope, sink: ReplySink): void;
  credit(credit: CreditEnvelope, sink: ReplySink): void;
}

/** What a router is given to work with. */
export interface RouterParts {
  /** Who makes the calls: this silo or client. */
  readonly peerId: string;
  /** Its name, for messages. */
  readonly cluster?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly local: LocalSilo | undefined;
  /** The open link to a silo, if there is one. Asking for it makes it come. */
  linkTo(siloId: string): Link | undefined;
  readonly makeReference: MakeReference;
  /** A call has to wait for a silo, or no call is under way any more. */
  changed?(): void;
}

/**
 * How often waiting calls are tried again when no event says that it is time: the backstop for a
 * silo that was not ready.
 */
const RETRY_EVERY_MS = 20;

/**
 * Brings calls to the silo that owns their actor, and their outcomes back. The only place that
 * retries.
 *
 * ROUT-1. A call is sent again only if it certainly did not run, or if it is idempotent (C4).
 * ROUT-2. Calls to one actor are sent in the order they were made: while one of them waits, later
 *     ones wait behind it, and while one is with a former owner, later ones are not sent to the new
 *     one (C5).
 * ROUT-3. Every call ends by its deadline.
 */
export class Router implements ReplySink {
  readonly peerId: string;
  readonly principal: Principal;
  waitingBytes = 0;
  readonly #parts: RouterParts;
  /** Which silos serve the calls of stateless workers. */
  readonly workers: WorkerChoice;
  readonly #pending: PendingCalls;
  readonly #waiting = new WaitingCalls();
  /** The streams that this process reads. */
  readonly streams: StreamCalls;
  #placement: Placement;
  #retryTimer: Scheduled | undefined;
  #closed = false;

  constructor(parts: RouterParts, placement: Placement) {
    this.#parts = parts;
    this.peerId = parts.peerId;
    this.principal = { role: "silo", name: parts.peerId };
    this.#placement = placement;
    this.workers = new WorkerChoice(parts.local?.siloId, parts.random);
    this.streams = new StreamCalls({ ...parts, sink: this });
    this.#pending = new PendingCalls(
      parts.clock,
      (call) => this.#expire(call),
      () => parts.changed?.(),
    );
  }

  get revision(): number {
    return this.#placement.revision;
  }

  /** Calls that are under way. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** The calls of one turn that a silo has and that have not ended. */
  openCallsOf(turn: string): OpenCall[] {
    const open: OpenCall[] = [];
    for (const { request, target } of this.#pending.values()) {
      if (target === undefined || request.chain.at(-1)?.turn !== turn) continue;
      const { type, id, method, callId } = request;
      open.push({ type, id, method, callId, peerId: this.peerId, siloId: target });
    }
    return open;
  }

  /** Starts a call; `now` is as for `LocalSilo`. Throws `OVERLOADED` if too many are under way. */
  start(call: OutboundCall, now: number): void {
    if (this.#closed)
      throw new TroupeError("CLUSTER_UNAVAILABLE", "this client or silo is closed", {
        retryable: false,
      });
    this.#pending.add(call);
    if (call.comesBackTo === undefined && this.#waiting.has(call.key)) this.#wait(call);
    else if (!this.#trySend(call, now)) this.#wait(call);
  }

  /** Ends a call because its caller gave up. */
  cancel(call: OutboundCall, reason: unknown): void {
    if (!this.#pending.remove(call)) return;
    const ran = call.target === undefined ? "no" : "maybe";
    this.#abandon(call);
    call.fail(
      new TroupeError("CANCELLED", `${describeCall(call.request)} was cancelled by its caller`, {
        ran,
        cause: reason,
      }),
    );
  }

  reply(callId: number, outcome: Outcome): void {
    const call = this.#pending.get(callId);
    if (call === undefined) return;
    const mayTryOthers = !this.#waiting.isEmpty && this.#waiting.release(call);
    if (outcome.kind === "refused") {
      call.target = undefined;
      call.comesBackTo = undefined;
      this.#wait(call);
      if (outcome.reason === "not-owner" && outcome.revision < this.#placement.revision)
        this.#retry();
      return;
    }
    this.#pending.remove(call);
    this.#end(call, outcome);
    if (mayTryOthers) this.#retry();
  }

  item(callId: number, item: StreamItem): boolean {
    this.streams.item(callId, item);
    return true;
  }

  #end(call: OutboundCall, { kind, payload }: Exclude<Outcome, { kind: "refused" }>): void {
    let value = payload.value;
    try {
      if (payload.revive) value = fromPortable(payload, this.#parts.makeReference);
    } catch (error) {
      // Such as a regular expression that this Node.js does not know. The link is not to blame.
      call.fail(unreadableAnswer(call, error));
      return;
    }
    if (kind === "value") call.resolve(value);
    else call.fail(value);
  }

  /** From now on calls go where this placement says. */
  setPlacement(placement: Placement): void {
    this.#placement = placement;
    for (const call of this.#pending.values()) {
      if (
        call.target !== undefined &&
        call.comesBackTo === undefined &&
        call.ownerIn(placement) !== call.target
      )
        this.#waiting.holdBehind(call);
    }
    this.#retry();
  }

  /** A link to the silo is open: what waits for it can go. */
  linkUp(): void {
    this.#retry();
  }

  /** The link to the silo is gone, and with it the replies that it owed. */
  linkDown(siloId: string, reason: string): void {
    this.streams.lost(
      siloId,
      reason,
      (call) => this.#pending.get(call.request.callId) !== undefined,
    );
    for (const call of this.#pending.values()) {
      if (call.target !== siloId) continue;
      this.#waiting.release(call);
      if (call.idempotent) {
        call.target = undefined;
        call.mayHaveRun = true;
        this.#wait(call);
      } else {
        this.#pending.remove(call);
        const message = `the silo ${siloId} that had ${describeCall(call.request)} was lost (${reason}); whether it ran is unknown`;
        call.fail(new TroupeError("SILO_LOST", message));
      }
    }
    this.#retry();
  }

  /** The silo takes no link from this process: calls to its actors cannot be made. */
  siloRejects(siloId: string, error: TroupeError): void {
    for (const call of this.#pending.values()) {
      if (call.target !== undefined || call.ownerIn(this.#placement) !== siloId) continue;
      this.#waiting.remove(call);
      this.#fail(call, new TroupeError(error.code, error.detail, { ran: "no", cause: error }));
    }
  }

  /**
   * Fails the calls that wait for a silo, if there is none and none is about to come: they would
   * wait until their deadlines.
   */
  giveUpWaiting(): void {
    if (
      this.#waiting.isEmpty ||
      this.#placement.view.members.some(({ state }) => state !== "draining")
    )
      return;
    for (const call of this.#pending.values()) {
      if (call.target !== undefined) continue;
      this.#waiting.remove(call);
      const message = `no silo is left that could take ${describeCall(call.request)}: all of them stop`;
      this.#fail(call, new TroupeError("CLUSTER_UNAVAILABLE", message));
    }
  }

  /** Fails every call that is under way, and refuses new ones. */
  close(): void {
    this.#closed = true;
    this.#retryTimer?.cancel();
    this.streams.close();
    for (const call of this.#pending.clear()) {
      const ran = call.target === undefined ? "no" : "maybe";
      const message = `this client or silo was closed while ${describeCall(call.request)} was under way`;
      call.fail(new TroupeError("CANCELLED", message, { ran }));
    }
  }

  /** Sends the call to its owner. False if it has to wait; it may also have ended. */
  #trySend(call: OutboundCall, now: number): boolean {
    if (call.comesBackTo !== undefined && this.#isGone(call.comesBackTo))
      call.comesBackTo = undefined;
    const to = call.comesBackTo ?? call.ownerIn(this.#placement);
    if (to === undefined) {
      if (!this.#placement.hasActiveMember || this.#awaitsDefinition(call.request)) return false;
      this.#fail(call, nowhere(call.request, this.#placement));
      return true;
    }
    const { revision } = this.#placement;
    if (call.request.revision !== revision) call.request = { ...call.request, revision };
    const { request } = call;
    if (to === this.#parts.local?.siloId) {
      call.target = to;
      if (request.oneWay) call.resolve(undefined);
      this.#parts.local.dispatch(request, this, now);
      return true;
    }
    const result = this.#parts.linkTo(to)?.send(request);
    if (result === "sent") {
      call.target = to;
      // The call stays pending until the silo says that it took it, so that a refused one is still
      // sent elsewhere.
      if (request.oneWay) call.resolve(undefined);
    }
    if (result === "full") {
      const message = `the link to silo ${to} has too much to send; call less at a time`;
      this.#fail(call, new TroupeError("OVERLOADED", message));
    }
    return result === "sent" || result === "full";
  }

  /** True if silos host the type and their definition has yet to come into force. */
  #awaitsDefinition({ type }: RequestEnvelope): boolean {
    return (
      this.#placement.missingLabels(type) === undefined &&
      this.#placement.waitingHostsOf(type).length > 0
    );
  }

  /**
   * With a silo the turns that it ran are gone: a call that comes back to one would wait until its
   * deadline, and others behind it.
   */
  #isGone(siloId: string): boolean {
    if (siloId === this.#parts.local?.siloId || this.#placement.member(siloId) !== undefined)
      return false;
    return this.#parts.linkTo(siloId) === undefined;
  }

  #fail(call: OutboundCall, error: TroupeError): void {
    this.#pending.remove(call);
    call.fail(error);
  }

  #wait(call: OutboundCall): void {
    this.#waiting.add(call);
    this.#retrySoon();
    this.#parts.changed?.();
  }

  #retry(): void {
    // What waited when this was closed has been failed as not run, and must not run now (C4).
    if (this.#closed || this.#waiting.isEmpty) return;
    this.#waiting.retry((call) => this.#trySend(call, this.#parts.clock.monotonic()));
    if (!this.#waiting.isEmpty) this.#retrySoon();
  }

  #retrySoon(): void {
    if (this.#closed) return;
    this.#retryTimer ??= this.#parts.clock.schedule(RETRY_EVERY_MS, () => {
      this.#retryTimer = undefined;
      this.#retry();
    });
  }

  #expire(call: OutboundCall): void {
    const { target } = call;
    this.#abandon(call);
    call.fail(timeoutOf(call, target, this.#placement, this.#parts.cluster));
  }

  /** Lets go of a call that nobody waits for any more, and tells the silo that has it. */
  #abandon(call: OutboundCall): void {
    if (call.target === undefined) {
      this.#waiting.remove(call);
      return;
    }
    const mayTryOthers = this.#waiting.release(call);
    if (call.target === this.#parts.local?.siloId) this.#parts.local.cancel(call.request, this);
    else this.#parts.linkTo(call.target)?.send(cancelOf(call.request));
    if (mayTryOthers) this.#retry();
  }
}

function cancelOf({ callId, type, id }: RequestEnvelope): Envelope {
  return { kind: "cancel", callId, type, id };
}

function unreadableAnswer({ request }: OutboundCall, error: unknown): TroupeError {
  const message = `the answer of ${describeCall(request)} cannot be read here: ${messageOf(error)}`;
  return new TroupeError("NOT_SERIALIZABLE", message, { ran: "yes", cause: error });
}
