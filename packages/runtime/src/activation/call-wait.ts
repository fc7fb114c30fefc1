import { formatAddress, type ActorAddress } from "@troupe/core";
import type { Turn } from "./turn.ts";

/** A call, as the silo knows it that has to serve it. */
export interface CallName extends ActorAddress {
  /** Who made it. */
  readonly peerId: string;
  readonly callId: number;
}

/** A turn that is running. */
export interface RunningTurn {
  readonly token: string;
  /** `Account/alice.deposit()` */
  readonly name: string;
}

/**
 * What a call waits for: the turns in its way while it is in the mailbox (`waits`), or its own turn
 * (`runs`).
 */
export interface CallWait {
  readonly kind: "waits" | "runs";
  readonly turns: readonly RunningTurn[];
}

export function runningTurn(turn: Turn): RunningTurn {
  const { request, token } = turn;
  return { token, name: `${formatAddress(request)}.${request.method}()` };
}

/** Tells a call from every other. */
export function keyOf({ peerId, callId }: CallName): string {
  return `${peerId}:${callId}`;
}

export function callNameOf({ request, sink }: Turn): CallName {
  return { type: request.type, id: request.id, peerId: sink.peerId, callId: request.callId };
}

/** The turns of one activation, as far as calls wait for them. */
export interface WaitingTurns {
  readonly running: readonly Turn[];
  readonly waitingTurns: readonly Turn[];
  readonly blockers: readonly Turn[];
}

/**
 * The running turns that the waiting ones wait for. `ended` are those of them that have ended and
 * wait for the others; `isHoldingBack` says that interleaving turns wait as well.
 */
export function blockersOf(
  running: readonly Turn[],
  ended: readonly Turn[],
  isHoldingBack: boolean,
): readonly Turn[] {
  const isForAll = isHoldingBack || ended.length > 0;
  return running.filter(
    (turn) =>
      !turn.nested &&
      !turn.holdsNothing &&
      (isForAll || turn.concurrency === "exclusive" || turn.concurrency === "readonly") &&
      !ended.some((other) => other === turn),
  );
}

/** What the call waits for; undefined if none of these turns serves it. */
export function callWait(call: CallName, turns: WaitingTurns): CallWait | undefined {
  const key = keyOf(call);
  const isIt = (turn: Turn): boolean => keyOf(callNameOf(turn)) === key;
  const own = turns.running.find(isIt);
  if (own !== undefined) return { kind: "runs", turns: [runningTurn(own)] };
  if (!turns.waitingTurns.some(isIt)) return undefined;
  return { kind: "waits", turns: turns.blockers.map(runningTurn) };
}
