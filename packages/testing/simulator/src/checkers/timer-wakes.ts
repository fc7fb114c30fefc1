import type { ActivationRecord, CallRecord, History } from "../history.ts";
import { turnsByCall } from "./at-most-once.ts";

/** Types whose actors have timers, and nothing that may wake them but calls. */
const CALLED_ONLY = new Set(["Metronome"]);

/**
 * D3: a timer wakes no actor. Each activation of one that has only timers has a call that it came
 * for.
 */
export function checkTimerWakes(history: History): void {
  const turns = turnsByCall(history);
  const reasons = (record: ActivationRecord): CallRecord[] =>
    history.calls.filter((call) => {
      if (
        `${call.plan.type}/${call.plan.actorId}` !== record.actor ||
        call.startedOrder > record.order
      )
        return false;
      if (call.outcome.kind === "value" && call.endedOrder < record.order) return false;
      // What has run needs no activation any more.
      return (turns.get(call.plan.id) ?? []).every(
        ({ startedOrder }) => startedOrder > record.order,
      );
    });
  for (const record of history.activations) {
    if (record.event !== "activated" || !CALLED_ONLY.has(record.actor.split("/")[0] ?? ""))
      continue;
    if (reasons(record).length > 0) continue;
    history.violate(
      "D3",
      `${record.actor} is activated on ${record.siloId} at ${record.at.toFixed(1)}, and no call waits for it`,
    );
  }
}
