import { type ReplySink, traceContextOf, turnToken, type TurnScope } from "@troupe/client";
import {
  type ActorAddress,
  type ChainEntry,
  type Clock,
  formatAddress,
  type Principal,
  type RequestEnvelope,
  type Scheduled,
  TroupeError,
} from "@troupe/core";
import type { CallContext, Concurrency, LaterAnswer } from "@troupe/sdk";
import type { TurnWork } from "./activation-parts.ts";
import { bytesOf } from "./call-budget.ts";
import type { MailboxEntry } from "./mailbox.ts";
import type { OutputGate } from "./output-gate.ts";

/** The activation that a turn belongs to, as the turn sees it. */
export interface TurnOwner {
  readonly siloId: string;
  readonly epoch: number;
  /** What the calls that a turn makes have to pass. */
  readonly gate: OutputGate;
  /** What a turn of a stream tells when it looks at the state, and before it first changes it. */
  readonly unit: { look(turn: Turn): void; join(turn: Turn): void };
}

export interface TurnParts {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
  readonly concurrency: Concurrency;
  /** The running turn of the same activation that waits for this one. */
  readonly parent: Turn | undefined;
  /** What the silo itself does in the turn, if it is one of its own. */
  readonly system: TurnWork | undefined;
}

/** One turn of one activation, and the scope that the calls it makes inherit. */
export class Turn implements TurnScope, MailboxEntry {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
  readonly concurrency: Concurrency;
  readonly parent: Turn | undefined;
  readonly system: TurnWork | undefined;
  /** When it was started, on the monotonic clock. */
  startedAt: number | undefined;
  /** What its caller gets in place of its result, once that is known. */
  later: LaterAnswer | undefined;
  readonly #owner: TurnOwner;
  readonly #clock: Clock;
  #ended = false;
  #hasWritten = false;
  #whenKept: (() => void)[] | undefined;
  #aborted: TroupeError | undefined;
  #chain: readonly ChainEntry[] | undefined;
  #traceContext: Readonly<Record<string, string>> | undefined;
  #context: TurnContext | undefined;

  constructor(parts: TurnParts, owner: TurnOwner, clock: Clock) {
    this.request = parts.request;
    this.sink = parts.sink;
    this.concurrency = parts.concurrency;
    this.parent = parts.parent;
    this.system = parts.system;
    this.startedAt = undefined;
    this.later = undefined;
    this.#owner = owner;
    this.#clock = clock;
  }

  get gate(): OutputGate {
    return this.#owner.gate;
  }

  get fence(): number {
    return this.#owner.epoch;
  }

  get address(): ActorAddress {
    return this.request;
  }

  get method(): string {
    return this.request.method;
  }

  get nested(): boolean {
    return this.parent !== undefined;
  }

  get bytes(): number {
    return bytesOf(this.request);
  }

  get deadline(): number {
    return this.request.deadline;
  }

  get traceContext(): Readonly<Record<string, string>> | undefined {
    const { headers } = this.request;
    return headers === undefined ? undefined : (this.#traceContext ??= traceContextOf(headers));
  }

  get isReadonly(): boolean {
    return this.concurrency === "readonly";
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * True for a turn of a stream that has changed nothing so far: nobody waits for it, and it may
   * wait for whatever it likes.
   */
  get holdsNothing(): boolean {
    return this.concurrency === "stream" && !this.#hasWritten && !this.nested;
  }

  willLook(): void {
    if (this.concurrency === "stream") this.#owner.unit.look(this);
  }

  willWrite(): void {
    if (this.#hasWritten) return;
    const heldNothing = this.holdsNothing;
    this.#hasWritten = true;
    if (heldNothing) this.#owner.unit.join(this);
  }

  /** As a part of the turn that waits for it, it is kept or undone with that one. */
  onKept(callback: () => void): void {
    if (this.parent !== undefined && !this.parent.ended) this.parent.onKept(callback);
    else (this.#whenKept ??= []).push(callback);
  }

  /** What it changed is on its way to the store, behind what earlier turns changed. */
  keep(): void {
    if (this.#whenKept === undefined) return;
    for (const callback of this.#whenKept.splice(0)) callback();
  }

  /** A stream holds up nobody, so a call that comes back to its actor is one like any other. */
  get chain(): readonly ChainEntry[] {
    const { type, id, chain } = this.request;
    if (this.concurrency === "stream") return chain;
    this.#chain ??= [...chain, { type, id, turn: this.token }];
    return this.#chain;
  }

  get context(): CallContext {
    if (this.#context === undefined) {
      this.#context = new TurnContext(this, this.#clock);
      if (this.#aborted !== undefined) this.#context.abort(this.#aborted);
    }
    return this.#context;
  }

  /** True if this turn is the one that the entry of a call chain names. */
  isNamedBy(entry: ChainEntry): boolean {
    return entry.turn === this.token;
  }

  /** The caller no longer waits. */
  abort(reason: TroupeError): void {
    this.#aborted = reason;
    this.#context?.abort(reason);
  }

  /** Its name in call chains. */
  get token(): string {
    return turnToken(this.#owner.siloId, this.sink.peerId, this.request.callId);
  }

  end(): void {
    this.#ended = true;
    this.#context?.release();
  }
}

/**
 * Made only for turns that look at their context; the signal, with its timer, only for those that
 * look at that.
 */
class TurnContext implements CallContext {
  readonly callId: string;
  readonly caller: ActorAddress | undefined;
  readonly principal: Principal;
  readonly deadline: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly fence: number;
  readonly #turn: Turn;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #aborted: TroupeError | undefined;
  #timer: Scheduled | undefined;

  constructor(turn: Turn, clock: Clock) {
    const last = turn.request.chain.at(-1);
    this.callId = `${turn.sink.peerId}:${turn.request.callId}`;
    this.caller = last === undefined ? undefined : { type: last.type, id: last.id };
    this.principal = turn.sink.principal;
    this.deadline = clock.now() + (turn.deadline - clock.monotonic());
    this.headers = turn.request.headers ?? {};
    this.fence = turn.fence;
    this.#turn = turn;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    const ofStream = this.#turn.sink.signal;
    if (ofStream !== undefined) return ofStream;
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
      else if (!this.#turn.ended) this.#abortAtDeadline();
    }
    return this.#controller.signal;
  }

  abort(reason: TroupeError): void {
    this.#aborted ??= reason;
    this.#controller?.abort(reason);
    this.#timer?.cancel();
  }

  release(): void {
    this.#timer?.cancel();
  }

  #abortAtDeadline(): void {
    const leftMs = Math.max(0, this.#turn.deadline - this.#clock.monotonic());
    this.#timer = this.#clock.schedule(leftMs, () => {
      const { request } = this.#turn;
      this.abort(
        new TroupeError(
          "TIMEOUT",
          `${formatAddress(request)}.${request.method}() runs beyond its deadline`,
        ),
      );
    });
  }
}
