import type { RequestEnvelope } from "@troupe/core";

/** A call that somebody here waits for. */
export class OutboundCall {
  /** The silo that has it, or undefined while it waits for one. */
  target: string | undefined;
  /** The silo that runs the turn of the called actor that waits for this call; it gets the call, whoever owns the actor by now. */
  comesBackTo: string | undefined;

  readonly key: string;
  request: RequestEnvelope;
  readonly idempotent: boolean;
  settle: CallSettler;

  constructor(key: string, request: RequestEnvelope, idempotent: boolean, settle: CallSettler) {
    this.key = key;
    this.request = request;
    this.idempotent = idempotent;
    this.settle = settle;
    if (request.chain.length > 0) this.comesBackTo = siloOfWaitingTurn(request);
  }
}

/** How the promise of a call ends. */
export interface CallSettler {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** `Account/alice.deposit()`, for messages. */
export function describeCall(request: RequestEnvelope): string {
  return `${request.type}/${request.id}.${request.method}()`;
}

/** A turn's name in call chains: the silo that runs it, who made the call that it serves, and that call's number. */
export function turnToken(siloId: string, peerId: string, callId: number): string {
  return `${siloId}/${peerId}:${callId}`;
}

function siloOfWaitingTurn({ chain, type, id }: RequestEnvelope): string | undefined {
  const turn = chain.findLast((entry) => entry.id === id && entry.type === type)?.turn;
  return turn?.slice(0, turn.indexOf("/"));
}
