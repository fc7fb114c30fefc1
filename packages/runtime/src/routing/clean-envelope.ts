import { AUTOMATIC_KEY, isSystemName, SILO_TYPE, USER_KEY } from "@troupe/client";
import {
  type CancelEnvelope,
  CLIENT_PREFIX,
  type Clock,
  type CreditEnvelope,
  type Envelope,
  formatAddress,
  type PingEnvelope,
  type Principal,
  type RequestEnvelope,
  TroupeError,
} from "@troupe/core";
import type { OperatorTurn } from "@troupe/sdk";
import type { AccessRules } from "./access-rules.ts";
import { withMeasuredSize } from "./measured-size.ts";

/** The system turns that an operator may run in an actor, and what they do. */
export type OperatorTurns = ReadonlyMap<string, OperatorTurn>;

/** True if an operator changes something with the request: that is logged. */
export function isOperatorAction(
  { type, method }: RequestEnvelope,
  operatorTurns: OperatorTurns,
): boolean {
  if (type === SILO_TYPE) return method !== "snapshot" && !method.startsWith("list");
  return isSystemName(method) && operatorTurns.get(method) !== "looks";
}

/**
 * A caller from outside waits no longer than that: a turn that hangs holds up a silo that drains.
 */
const WAIT_MAX_MS = 24 * 60 * 60 * 1_000;

const NO_CHAIN: RequestEnvelope["chain"] = [];

/**
 * How far ahead deadlines may lie. The clock is read seldom: most deadlines lie before an old look.
 */
export class Horizon {
  readonly #clock: Clock;
  #seen = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The deadline, or the latest that there may be if it lies beyond, or is not a number. */
  clamp(deadline: number): number {
    if (deadline <= this.#seen) return deadline;
    this.#seen = this.#clock.monotonic() + WAIT_MAX_MS;
    return deadline <= this.#seen ? deadline : this.#seen;
  }
}

/** What is left of an envelope from outside. */
export type CleanEnvelope =
  | {
      readonly kind: "clean";
      readonly envelope: RequestEnvelope | CancelEnvelope | CreditEnvelope | PingEnvelope;
    }
  /** The request is answered with this. */
  | { readonly kind: "forbidden"; readonly callId: number; readonly error: TroupeError }
  /** Nobody who is honest sends this: the link ends. */
  | { readonly kind: "broken"; readonly reason: string };

/** Who sent an envelope, and under which id. */
export interface OutsideSender {
  readonly principal: Principal;
  readonly peerId: string;
}

/** What is let in. */
export interface CleaningRules {
  readonly horizon: Horizon;
  readonly operatorTurns: OperatorTurns;
  readonly access: AccessRules;
}

/**
 * The one place where envelopes of clients and operators enter a silo. Whatever is behind it may
 * believe every field.
 *
 * CLN-1. Nothing from outside is taken for the cluster's own word: no `released`, `reply` or
 *        `item` (C1), no durable send (D7), no call chain (a turn that it names would run a part).
 * CLN-2. An idempotency key is one that a user gave, or an automatic one of the sender itself: so
 *        it never looks like that of a durable send or of another caller (C4, D7).
 * CLN-3. Of the system turns an operator may run a few, and a client none.
 * CLN-4. A request has a deadline that comes.
 * CLN-5. The arguments of a request count for at least the bytes that they have, whatever the
 *        sender says, so that waiting calls are bounded.
 * CLN-6. A client calls what the rules of access let it call (V9).
 */
export function cleanEnvelope(
  envelope: Envelope,
  sender: OutsideSender,
  rules: CleaningRules,
): CleanEnvelope {
  switch (envelope.kind) {
    case "released":
    case "reply":
    case "item":
      return {
        kind: "broken",
        reason: `a ${sender.principal.role} says "${envelope.kind}", which only silos say to each other`,
      };
    case "cancel":
    case "credit":
    case "ping":
    case "pong":
      return { kind: "clean", envelope };
    case "request":
      return cleanRequest(envelope, sender, rules);
  }
}

function cleanRequest(
  request: RequestEnvelope,
  sender: OutsideSender,
  { horizon, operatorTurns, access }: CleaningRules,
): CleanEnvelope {
  const problem =
    forbiddenIn(request, sender, operatorTurns) ?? access.refusal(sender.principal, request);
  if (problem !== undefined) {
    const what = `${formatAddress(request)}.${request.method}()`;
    const error = new TroupeError("FORBIDDEN", `${what}: ${problem}`);
    return { kind: "forbidden", callId: request.callId, error };
  }
  const deadline = horizon.clamp(request.deadline);
  const args = withMeasuredSize(request.args);
  // Nearly every request is clean as it is.
  const isSame = deadline === request.deadline && args === request.args;
  if (request.chain.length === 0 && isSame) return { kind: "clean", envelope: request };
  return { kind: "clean", envelope: { ...request, args, chain: NO_CHAIN, deadline } };
}

/** What is not allowed in the request, as a person should be told; undefined if all of it is. */
function forbiddenIn(
  request: RequestEnvelope,
  sender: OutsideSender,
  operatorTurns: OperatorTurns,
): string | undefined {
  const { type, method, delivery, idempotencyKey } = request;
  if (delivery !== undefined) return "only silos deliver durable sends";
  if (idempotencyKey !== undefined && !isKeyOf(idempotencyKey, sender))
    return "its idempotency key is not one that this caller may give";
  const isOperator = sender.principal.role === "operator";
  // What may be asked of a silo itself says `AdminMethods`.
  if (type === SILO_TYPE || !isSystemName(method)) return undefined;
  if (!operatorTurns.has(method)) return "only silos run this turn";
  return isOperator ? undefined : missingRole(sender);
}

function isKeyOf(key: string, { peerId }: OutsideSender): boolean {
  if (key.startsWith(USER_KEY)) return true;
  return peerId.startsWith(CLIENT_PREFIX) && key.startsWith(`${AUTOMATIC_KEY}${peerId}:`);
}

function missingRole({ principal }: OutsideSender): string {
  return `only an operator may do this, and ${principal.name} is a ${principal.role}; connect with tokens.operator`;
}
