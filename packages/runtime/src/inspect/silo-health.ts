import {
  type ActorAddress,
  type Clock,
  type MembershipProvider,
  messageOf,
  type ReminderStore,
  type StateStore,
  withTimeout,
} from "@troupe/core";
import type { HealthResponse } from "@troupe/sdk";
import type { LeaseGuard } from "../membership/lease-guard.ts";

/** Less than an operator waits for an answer. */
const TRY_MS = 2_000;

/** No actor has this name. That nothing is stored for it is an answer like any other. */
const NOBODY: ActorAddress = { type: "$health", id: "nobody" };

/** What a silo depends on. */
export interface TriedPorts {
  readonly clock: Clock;
  readonly membership: MembershipProvider;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
}

/** Tries what the silo depends on, all at once. Never rejects, and takes two seconds at most. */
export async function siloHealth(
  { clock, membership, stateStore, reminderStore }: TriedPorts,
  guard: LeaseGuard,
  leaseTtlMs: number,
): Promise<HealthResponse> {
  const [membershipError, stateError, remindersError] = await Promise.all([
    failureOf(clock, () => membership.list()),
    failureOf(clock, () => stateStore.read(NOBODY, "")),
    failureOf(clock, () => reminderStore.due([0], 0, 1)),
  ]);
  return {
    serving: guard.isServing(),
    leaseMarginMs: Math.floor(guard.marginMs()),
    leaseTtlMs,
    membershipError,
    stateError,
    remindersError,
  };
}

/** Why the call failed, or the empty text. */
async function failureOf(clock: Clock, call: () => Promise<unknown>): Promise<string> {
  try {
    return await withTimeout(
      clock,
      TRY_MS,
      call().then(() => ""),
      () => `no answer within ${TRY_MS} ms`,
    );
  } catch (error) {
    return messageOf(error);
  }
}
