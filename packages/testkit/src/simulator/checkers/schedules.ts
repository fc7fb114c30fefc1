import type { CallRecord, History } from "../history.ts";
import { lastLook } from "./last-look.ts";

/** How often a reminder that is set as `often` ticks. */
const TICKS = { once: 1, often: 3 } as const;

/** D3: what was set ticks, what was deleted does not, and each tick takes effect once. That none comes early was checked on the spot. */
export function checkReminders(history: History): void {
  const changes = new Map<string, CallRecord[]>();
  for (const call of history.calls) {
    if (call.plan.method !== "set" && call.plan.method !== "cancel") continue;
    const key = `${call.plan.actorId} ${String(call.plan.args[0])}`;
    const known = changes.get(key);
    if (known === undefined) changes.set(key, [call]);
    else known.push(call);
  }
  for (const calls of changes.values()) {
    checkLast(history, calls);
    checkCancelled(history, calls);
  }
  checkEffects(history);
}

/** The schedule that certainly came last has ticked as often as it should. */
function checkLast(history: History, calls: readonly CallRecord[]): void {
  const last = calls.findLast(({ plan, outcome }) => plan.method === "set" && outcome.kind === "value");
  if (last === undefined || calls.some((other) => other !== last && mayComeAfter(other, last))) return;
  const look = lastLook(history, last.plan.actorId);
  if (look?.outcome.kind !== "value") return;
  const { ticks, left } = look.outcome.value as { ticks: readonly string[]; left: readonly string[] };
  const name = last.plan.args[0] === "often" ? "often" : "once";
  for (let count = 1; count <= TICKS[name]; count++) {
    if (ticks.includes(`${last.plan.id} ${count}`)) continue;
    const rest = left.length === 0 ? "nothing is left of it" : `left: ${left.join(", ")}`;
    history.violate("D3", `Alarm/${last.plan.actorId}: tick ${count} of ${name}, set by ${last.plan.id}, is lost; ${rest}`);
    return;
  }
}

/** Whether the change may have taken effect after the acknowledged one. */
function mayComeAfter(change: CallRecord, acknowledged: CallRecord): boolean {
  if (change.outcome.kind === "error" && change.outcome.ran === "no") return false;
  const endedOrder = change.outcome.kind === "value" ? change.endedOrder : Number.POSITIVE_INFINITY;
  return endedOrder > acknowledged.startedOrder;
}

function checkCancelled(history: History, calls: readonly CallRecord[]): void {
  for (const cancel of calls) {
    if (cancel.plan.method !== "cancel" || cancel.outcome.kind !== "value") continue;
    for (const set of calls) {
      if (set.plan.method !== "set" || set.outcome.kind !== "value" || set.endedOrder > cancel.startedOrder) continue;
      const late = history.ticks.find((tick) => tick.setBy === set.plan.id && tick.order > cancel.endedOrder);
      if (late !== undefined) {
        history.violate("D3", `${late.actor}: ${late.name}, set by ${set.plan.id}, ticks after ${cancel.plan.id} deleted it`);
      }
    }
  }
}

function checkEffects(history: History): void {
  for (const actorId of new Set(history.calls.filter(({ plan }) => plan.type === "Alarm").map(({ plan }) => plan.actorId))) {
    const look = lastLook(history, actorId);
    if (look?.outcome.kind !== "value") continue;
    const { ticks } = look.outcome.value as { ticks: readonly string[] };
    const twice = ticks.find((tick, index) => ticks.indexOf(tick) !== index);
    if (twice !== undefined) history.violate("D3", `Alarm/${actorId}: the tick ${twice} took effect twice`);
  }
}
