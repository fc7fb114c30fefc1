import type { Principal, RequestEnvelope } from "@troupe/core";

/**
 * Who asks for the turns that an activation makes by itself, such as its timers' ticks: they end
 * with it, and wake nobody.
 */
export const OWN_PEER = "$own";

export const OWN_PRINCIPAL: Principal = { role: "silo", name: OWN_PEER };

const NO_ARGUMENTS = { value: [], revive: false, size: 0 } as const;

type OwnCall = Pick<RequestEnvelope, "callId" | "type" | "id" | "method" | "deadline"> &
  Partial<RequestEnvelope>;

/** A request that a silo makes of one of its own actors: for a hook, or a tick. */
export function ownRequest(facts: OwnCall): RequestEnvelope {
  return {
    kind: "request",
    args: NO_ARGUMENTS,
    revision: 0,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
    ...facts,
  };
}
