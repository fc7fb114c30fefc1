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
