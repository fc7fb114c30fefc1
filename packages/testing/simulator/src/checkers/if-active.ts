import type { LeasePolicy } from "@troupe/runtime";
import type { CallRecord, History, TurnRecord } from "../history.ts";

const TYPE = "Sleeper";

/**
 * DISP-4: a call with `ifActive` wakes no actor. And it is not answered with `NOT_ACTIVE` if one
 * activation has ended a turn before the call began, and starts one after it has ended: then that
 * was alive all the time.
 */
export function checkIfActive(history: History, leasePolicy: LeasePolicy): void {
  const calls = history.calls.filter(({ plan }) => plan.type === TYPE);
  for (const { actor, event, order } of history.activations) {
    if (event !== "activated" || !actor.startsWith(`${TYPE}/`)) continue;
    if (!calls.some((call) => nameOf(call) === actor && mayHaveWoken(call, order)))
      history.violate("if-active", `${actor} came to life, and no call was to wake it`);
  }
  // Two owners may be alive, of which one says that it is not.
  if (leasePolicy === "available") return;
  for (const call of calls) {
    if (call.outcome.kind !== "error" || call.outcome.code !== "NOT_ACTIVE") continue;
    const turns = history.turns.filter(({ actor }) => actor === nameOf(call));
    const before = turns.findLast(({ endedOrder = Infinity }) => endedOrder < call.startedOrder);
    if (before !== undefined && turns.some((turn) => goesOn(turn, before, call)))
      history.violate("if-active", `${call.plan.id}: ${nameOf(call)} was said not to be active`);
  }
}

/** What failed without it being known whether it ran may have run later than that. */
function mayHaveWoken(
  { plan, outcome, startedOrder, endedOrder }: CallRecord,
  at: number,
): boolean {
  if (plan.ifActive === true || startedOrder > at) return false;
  return endedOrder > at || (outcome.kind === "error" && outcome.ran !== "no");
}

function goesOn(turn: TurnRecord, before: TurnRecord, { endedOrder }: CallRecord): boolean {
  const isSame = turn.activation === before.activation && turn.process === before.process;
  return isSame && turn.startedOrder > endedOrder && !turn.wasPaused;
}

function nameOf({ plan }: CallRecord): string {
  return `${plan.type}/${plan.actorId}`;
}
