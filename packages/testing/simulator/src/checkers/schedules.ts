import type { LeasePolicy } from "@troupe/runtime";
import type { CallRecord, History } from "../history.ts";
import type { StoredTick, TickingReport } from "../ticking-actors.ts";
import {
  REMINDER_SCHEDULES,
  TIMER_SCHEDULES,
  type WorkloadSchedule,
} from "../workload-schedules.ts";
import { lastLook } from "./last-look.ts";

/** How late a due time may be for a schedule that leaves out what was missed. */
const FRESH_MS = 10_000;

const SCHEDULES = new Map<string, WorkloadSchedule>([
  ...Object.entries(REMINDER_SCHEDULES).map(
    ([name, schedule]) => [`Alarm ${name}`, schedule] as const,
  ),
  ...Object.entries(TIMER_SCHEDULES).map(
    ([name, schedule]) => [`Metronome ${name}`, schedule] as const,
  ),
]);

/** All that was done with one schedule of one actor. */
interface Story {
  readonly actor: string;
  readonly name: string;
  readonly schedule: WorkloadSchedule;
  readonly changes: CallRecord[];
}

/**
 * D3, of reminders and of timers: what was set ticks as often as it says, each due time that its
 * policy keeps once, and none other; what was deleted does not tick. That no tick comes early was
 * checked on the spot.
 */
export function checkSchedules(history: History, leasePolicy: LeasePolicy): void {
  for (const story of stories(history)) {
    const look = lastLook(history, story.actor.split("/")[1] ?? "");
    if (look?.outcome.kind !== "value") continue;
    const facts = look.outcome.value as TickingReport;
    const stored = facts.ticks.filter(({ name }) => name === story.name);
    checkSequences(history, story, stored);
    checkLast(history, story, { ...facts, ticks: stored });
    checkCancelled(history, story, leasePolicy === "strict" ? undefined : stored);
  }
}

function stories(history: History): Iterable<Story> {
  const found = new Map<string, Story>();
  for (const call of history.calls) {
    const { type, actorId, method, args } = call.plan;
    if (method !== "set" && method !== "cancel") continue;
    const name = String(args[0]);
    const schedule = SCHEDULES.get(`${type} ${name}`);
    if (schedule === undefined) continue;
    const key = `${type}/${actorId} ${name}`;
    const story = found.get(key) ?? { actor: `${type}/${actorId}`, name, schedule, changes: [] };
    found.set(key, story);
    story.changes.push(call);
  }
  return found.values();
}

/**
 * Whatever became of a schedule later: the ticks that it had are its first ones, in order, each
 * once and for the right due time.
 */
function checkSequences(
  history: History,
  { actor, name, schedule, changes }: Story,
  stored: readonly StoredTick[],
): void {
  for (const setBy of new Set(stored.map((tick) => tick.setBy))) {
    const ticks = stored.filter((tick) => tick.setBy === setBy);
    const set = changes.find(({ plan }) => plan.id === setBy);
    const firstAt = set?.outcome.kind === "value" ? Number(set.outcome.value) : undefined;
    for (const [index, tick] of ticks.entries()) {
      const flaw = flawOf(schedule, tick, { count: index + 1, before: ticks[index - 1], firstAt });
      if (flaw === undefined) continue;
      history.violate(
        "D3",
        `${actor}: ${name}, set by ${setBy}, ticked ${describe(ticks)}: ${flaw}`,
      );
      break;
    }
  }
}

function flawOf(
  { everyMs, cron, times, missed }: WorkloadSchedule,
  tick: StoredTick,
  expected: {
    readonly count: number;
    readonly before: StoredTick | undefined;
    readonly firstAt: number | undefined;
  },
): string | undefined {
  const { count, before, firstAt } = expected;
  if (tick.count !== count) return `the ${count}. tick says that it is the ${tick.count}.`;
  if (count > times) return `there are ${times}`;
  if (tick.firedAt < tick.dueAt) return `the ${count}. is early`;
  if (cron !== undefined && tick.dueAt % everyMs !== 0)
    return `the cron expression has no ${tick.dueAt}`;
  if (missed === "skip") {
    const from = before === undefined ? firstAt : before.dueAt + everyMs;
    if (from !== undefined && (tick.dueAt < from || (tick.dueAt - from) % everyMs !== 0))
      return `the ${count}. has no such due time`;
    return tick.firedAt - tick.dueAt > FRESH_MS
      ? `the ${count}. was missed, and should have been left out`
      : undefined;
  }
  if (missed === "all" && tick.missed !== 0)
    return `the ${count}. stands for more than its own due time`;
  const dueAt = before === undefined ? firstAt : before.dueAt + (before.missed + 1) * everyMs;
  return dueAt === undefined || tick.dueAt === dueAt
    ? undefined
    : `the ${count}. should be for ${dueAt}`;
}

/** The schedule that certainly came last has ticked as often as it should. */
function checkLast(
  history: History,
  { actor, name, schedule, changes }: Story,
  { ticks, left }: TickingReport,
): void {
  const last = changes.findLast(
    ({ plan, outcome }) => plan.method === "set" && outcome.kind === "value",
  );
  if (last === undefined || changes.some((other) => other !== last && mayComeAfter(other, last)))
    return;
  for (let count = 1; count <= schedule.times; count++) {
    if (ticks.some((tick) => tick.setBy === last.plan.id && tick.count === count)) continue;
    const rest = left.length === 0 ? "nothing is left of it" : `left: ${left.join(", ")}`;
    history.violate(
      "D3",
      `${actor}: tick ${count} of ${name}, set by ${last.plan.id}, is lost; ${rest}`,
    );
    return;
  }
}

/** Whether the change may have taken effect after the acknowledged one. */
function mayComeAfter(change: CallRecord, acknowledged: CallRecord): boolean {
  if (change.outcome.kind === "error" && change.outcome.ran === "no") return false;
  const endedOrder = change.outcome.kind === "value" ? change.endedOrder : Number.POSITIVE_INFINITY;
  return endedOrder > acknowledged.startedOrder;
}

/**
 * No tick begins after its schedule was deleted. Where an owner may live on beside its successor,
 * it may begin one, which is not stored: then only those in `stored` count.
 */
function checkCancelled(
  history: History,
  { actor, changes }: Story,
  stored: readonly StoredTick[] | undefined,
): void {
  for (const cancel of changes) {
    if (cancel.plan.method !== "cancel" || cancel.outcome.kind !== "value") continue;
    for (const set of changes) {
      if (
        set.plan.method !== "set" ||
        set.outcome.kind !== "value" ||
        set.endedOrder > cancel.startedOrder
      )
        continue;
      const begun = history.ticks.filter(
        (tick) => tick.actor === actor && tick.setBy === set.plan.id,
      );
      const late = begun.find(({ count, order }) => {
        if (order < cancel.endedOrder) return false;
        if (stored === undefined) return true;
        const isStored = stored.some((tick) => tick.setBy === set.plan.id && tick.count === count);
        return (
          isStored && begun.every((tick) => tick.count !== count || tick.order > cancel.endedOrder)
        );
      });
      if (late === undefined) continue;
      history.violate(
        "D3",
        `${actor}: ${late.name}, set by ${set.plan.id}, ticks after ${cancel.plan.id} deleted it`,
      );
    }
  }
}

function describe(ticks: readonly StoredTick[]): string {
  return ticks
    .map(
      ({ count, dueAt, firedAt, missed }) =>
        `${count} for ${dueAt} at ${firedAt} (missed ${missed})`,
    )
    .join(", ");
}
