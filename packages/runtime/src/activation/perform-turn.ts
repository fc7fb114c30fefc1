import { runInTurn } from "@troupe/client";
import { TroupeError } from "@troupe/core";
import { LaterAnswer } from "@troupe/sdk";
import { laterProblem } from "./later-outcome.ts";
import { errorOutcome, outcomeOf, thrownOutcome } from "./outcome.ts";
import type { RunnerOwner } from "./runner-owner.ts";
import type { Turn } from "./turn.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** Made once, and not for each turn. */
const perform = (turn: Turn, owner: RunnerOwner): unknown => owner.perform(turn);

/** Does what the turn is for, within its scope, and ends it in the unit with what comes of that. */
export function performTurn(turn: Turn, owner: RunnerOwner, unit: UnitOfWork): void {
  try {
    const result = runInTurn(turn, perform, owner);
    if (result instanceof Promise) {
      // Not `result.then`: a class of a user may call back twice, or never.
      void Promise.prototype.then.call(
        result,
        (value: unknown) => gave(turn, value, unit),
        (error: unknown) => threw(turn, error, { owner, unit }),
      );
    } else {
      gave(turn, result, unit);
    }
  } catch (error) {
    threw(turn, error, { owner, unit });
  }
}

function gave(turn: Turn, value: unknown, unit: UnitOfWork): void {
  if (!(value instanceof LaterAnswer)) return unit.end(turn, outcomeOf(value));
  const problem = laterProblem(turn.request);
  if (problem !== undefined) return unit.end(turn, errorOutcome(problem));
  turn.later = value;
  unit.end(turn, outcomeOf(undefined));
}

/**
 * What a method threw says nothing of whether the method itself ran, but for a system turn: that is
 * Troupe's own code.
 */
function threw(
  turn: Turn,
  error: unknown,
  { owner, unit }: { readonly owner: RunnerOwner; readonly unit: UnitOfWork },
): void {
  owner.parts.turnLog.threw(turn, error);
  const isOwnWord = isOfTroupe(turn) && error instanceof TroupeError && error.ran === "no";
  unit.end(turn, isOwnWord ? errorOutcome(error) : thrownOutcome(error));
}

/** True for a system turn; a stream's turn runs the actor's own code. */
function isOfTroupe({ system, concurrency }: Turn): boolean {
  return system !== undefined && concurrency !== "stream";
}
