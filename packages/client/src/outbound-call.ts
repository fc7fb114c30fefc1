import { repetitionKey, type RequestEnvelope, TroupeError, withRan } from "@troupe/core";
import { rejectedWithCallerStack } from "./caller-stack.ts";
import type { Placement } from "./placement.ts";
import { runInNameOf, type TurnScope } from "./turn-scope.ts";

/** Which silo owns an actor, in the placement that was asked. */
export interface Route {
  readonly placement: Placement;
  readonly siloId: string | undefined;
}

/** What all calls through one reference share. */
export interface RoutedTarget {
  readonly key: string;
  /** The last answer of the placement, which is good until there is another one. */
  route: Route | undefined;
}

/** A call that somebody here waits for. */
export class OutboundCall {
  readonly routed: RoutedTarget;
  request: RequestEnvelope;
  #target: string | undefined;
  /**
   * The silo that runs the turn of the called actor that waits for this call; it gets the call,
   * whoever owns the actor by now.
   */
  comesBackTo: string | undefined;
  /** True if a silo that had it was lost: it may have run there, whatever becomes of it now. */
  mayHaveRun: boolean;
  /** Called when it has ended. */
  onEnd: (() => void) | undefined;
  /**
   * The turn that made it. A failure is told in its name: so it is known whose call it was that
   * nobody awaited.
   */
  readonly maker: TurnScope | undefined;
  #hasEnded = false;
  /** What it ended with, before its caller asked. */
  #value: unknown;
  #resolve: ((value: unknown) => void) | undefined;

  constructor(routed: RoutedTarget, request: RequestEnvelope, maker?: TurnScope) {
    this.routed = routed;
    this.maker = maker;
    this.request = request;
    this.#target = undefined;
    this.mayHaveRun = false;
    this.onEnd = undefined;
    this.comesBackTo = request.chain.length === 0 ? undefined : siloOfWaitingTurn(request);
  }

  get key(): string {
    return this.routed.key;
  }

  /** The silo that has it, or undefined while it waits for one. */
  get target(): string | undefined {
    return this.#target;
  }

  /** A silo has it from now on, or none if it has come back. */
  set target(siloId: string | undefined) {
    this.#target = siloId;
  }

  /**
   * What its caller waits for; to be asked once. A call that has ended by then, as many within a
   * silo have, needs no promise to wait for.
   */
  outcome(): Promise<unknown> {
    if (this.#hasEnded) return Promise.resolve(this.#value);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /**
   * Ends it with a value. Of one that has ended, such as a one-way call that was sent, the caller
   * hears no more.
   */
  resolve(value: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#resolve === undefined) this.#value = value;
    else this.#resolve(value);
    this.onEnd?.();
  }

  /**
   * Ends it with an error; one that speaks of the last try alone does not say that the call has not
   * run if it may have (C4).
   */
  fail(error: unknown): void {
    const isHalfTrue = this.mayHaveRun && error instanceof TroupeError && error.ran === "no";
    this.reject(isHalfTrue ? withRan(error, "maybe") : error);
  }

  /** Ends it with an error, whatever that says. */
  reject(error: unknown): void {
    if (this.#hasEnded) return;
    if (this.maker === undefined) this.resolve(rejectedWithCallerStack(error));
    else runInNameOf(this.maker, () => this.resolve(rejectedWithCallerStack(error)));
  }

  /**
   * True if it may be sent again though it may have run: whoever serves it tells a repetition by
   * its key.
   */
  get idempotent(): boolean {
    return repetitionKey(this.request) !== undefined;
  }

  /** The silo that owns the called actor. */
  ownerIn(placement: Placement): string | undefined {
    const { routed } = this;
    if (routed.route?.placement !== placement) {
      routed.route = { placement, siloId: placement.ownerOf(this.request, routed.key)?.siloId };
    }
    return routed.route.siloId;
  }
}

/** `Account/alice.deposit()`, for messages. */
export function describeCall(request: RequestEnvelope): string {
  return `${request.type}/${request.id}.${request.method}()`;
}

/**
 * A turn's name in call chains: the silo that runs it, who made the call that it serves, and that
 * call's number.
 */
export function turnToken(siloId: string, peerId: string, callId: number): string {
  return `${siloId}/${peerId}:${callId}`;
}

function siloOfWaitingTurn({ chain, type, id }: RequestEnvelope): string | undefined {
  const turn = chain.findLast((entry) => entry.id === id && entry.type === type)?.turn;
  return turn?.slice(0, turn.indexOf("/"));
}
