import type { CallRecord, History } from "../history.ts";
import { lastLook } from "./last-look.ts";

/**
 * C5, C3, C4: a recorder has every entry that was acknowledged, each once, and those of one caller
 * in the order of its calls.
 */
export function checkCallerOrder(history: History): void {
  const recorders = new Map<string, CallRecord[]>();
  for (const call of history.calls) {
    if (call.plan.method !== "record") continue;
    const known = recorders.get(call.plan.actorId);
    if (known === undefined) recorders.set(call.plan.actorId, [call]);
    else known.push(call);
  }
  for (const [recorder, calls] of recorders) {
    const look = lastLook(history, recorder);
    if (look?.outcome.kind === "value")
      checkEntries(history, look.outcome.value as readonly string[], { recorder, calls });
  }
}

function checkEntries(
  history: History,
  entries: readonly string[],
  { recorder, calls }: { readonly recorder: string; readonly calls: readonly CallRecord[] },
): void {
  const places = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    if (places.has(entry)) history.violate("C4", `Recorder/${recorder} has ${entry} twice`);
    places.set(entry, index);
  }
  const lastOf = new Map<string, { readonly place: number; readonly id: string }>();
  for (const { plan, outcome, caller } of calls.toSorted(
    (a, b) => a.startedOrder - b.startedOrder,
  )) {
    const place = places.get(plan.id);
    if (place === undefined) {
      if (outcome.kind === "value")
        history.violate("C3", `Recorder/${recorder} has lost ${plan.id}, which was acknowledged`);
      continue;
    }
    const last = lastOf.get(caller);
    if (last !== undefined && place < last.place) {
      history.violate(
        "C5",
        `Recorder/${recorder} has ${plan.id} before ${last.id}, which ${caller} called first`,
      );
    }
    lastOf.set(caller, { place, id: plan.id });
  }
}
