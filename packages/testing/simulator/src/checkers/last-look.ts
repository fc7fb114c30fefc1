import type { CallRecord, History } from "../history.ts";

/** The answer of the last look at an actor when all was over, or undefined if there was none. */
export function lastLook(history: History, actorId: string): CallRecord | undefined {
  return history.calls.findLast(
    ({ plan, outcome }) => plan.id.startsWith(`final ${actorId} `) && outcome.kind === "value",
  );
}
