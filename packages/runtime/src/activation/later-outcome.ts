import { describeCall } from "@troupe/client";
import { type Outcome, repetitionKey, type RequestEnvelope, TroupeError } from "@troupe/core";
import type { LaterAnswer } from "@troupe/sdk";
import { errorOutcome, outcomeOf } from "./outcome.ts";

/** What becomes of a call whose method answers later. Never rejects. */
export async function laterOutcome({ answer }: LaterAnswer): Promise<Outcome> {
  try {
    return outcomeOf(await answer);
  } catch (error) {
    return errorOutcome(error);
  }
}

/** Why a call cannot be answered later: its result has to be kept with its turn (D7). */
export function laterProblem(request: RequestEnvelope): TroupeError | undefined {
  if (repetitionKey(request) === undefined) return undefined;
  const message = `${describeCall(request)} answers later, so it takes no idempotency key and no durable send; call it without`;
  return new TroupeError("BAD_CONFIG", message, { ran: "yes" });
}
