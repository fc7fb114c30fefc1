import {
  type DurablePart,
  handlersOf,
  type PartEntry,
  type PartHost,
  type PartKey,
  partKey,
  type SystemTurn,
} from "@troupe/sdk";
import { logFailedTick } from "./failed-tick.ts";
import type { ScheduleRecord } from "./schedule.ts";
import { SCHEDULE_PREFIXES, ScheduleTable } from "./schedule-table.ts";
import { runTick, skipTick, type DueTick } from "./tick.ts";
import { TickThrew } from "./tick-threw.ts";

/** A tick: name, due time, attempt. */
export const REMINDER_TURN = "$reminder";
/** The schedule moves on without its tick: name, due time. */
export const SKIP_REMINDER_TURN = "$skipReminder";
/** Lists the actor's reminders. */
export const REMINDERS_TURN = "$reminders";

export const REMINDERS: PartKey<ScheduleTable> = partKey("reminders");

/** The reminders of an actor. Each has an entry in the due index, at which it wakes the actor. */
export const remindersPart: DurablePart<ScheduleTable> = {
  key: REMINDERS,
  prefixes: [SCHEDULE_PREFIXES.reminder],
  isNeededBy: (definition) => handlersOf(definition, "reminder").size > 0,
  create: (host) => new ScheduleTable(host, "reminder"),
  entryOf: (_, record) => entryOf(record as ScheduleRecord),
  turns: {
    [REMINDER_TURN]: (host, args) => tick(host, dueTickOf(host, args)),
    [SKIP_REMINDER_TURN]: (host, args) => skipTick(host.part(REMINDERS), dueTickOf(host, args)),
    [REMINDERS_TURN]: (host) => host.part(REMINDERS).list(),
  } satisfies Record<string, SystemTurn>,
  operatorTurns: { [REMINDERS_TURN]: "looks" },
};

function entryOf({ name, nextAt, tag }: ScheduleRecord): PartEntry {
  return { kind: "due", name, dueAt: nextAt, tag: tag ?? "" };
}

/** What the arguments of a system turn for a tick say. */
export function dueTickOf(host: PartHost, args: readonly unknown[]): DueTick & { tag: string } {
  const [name, dueAt, attempt, tag] = args;
  return {
    name: String(name),
    dueAt: Number(dueAt),
    attempt: Number(attempt ?? 1),
    tag: typeof tag === "string" ? tag : "",
    now: host.clock.now(),
  };
}

async function tick(host: PartHost, facts: DueTick & { tag: string }): Promise<unknown> {
  const reminders = host.part(REMINDERS);
  const record = reminders.find(facts.name);
  try {
    const method =
      handlersOf(host.definition, "reminder").get(facts.name) ?? `@reminder(${facts.name})`;
    const result = await runTick(reminders, facts, (due) => host.invoke(method, due));
    if (result === "stale") forgetWhenStored(host, facts);
    return result;
  } catch (error) {
    const retry = record?.rule ?? { attempts: 1, backoffMs: 0 };
    const { attempts } = retry;
    logFailedTick(host.log, { kind: "reminder", facts, record, attempts }, error);
    throw new TickThrew(retry, error);
  }
}

/**
 * Lets go of a due time that nothing stands for any more, once that is stored: what has taken its
 * place may be a change that never will be, and then the stored reminder has no other entry (D3).
 * A change that is staged later lets go of what it replaces itself.
 */
function forgetWhenStored(host: PartHost, { name, dueAt, tag }: DueTick & { tag: string }): void {
  const reminders = host.part(REMINDERS);
  const record = reminders.findAdopted(name);
  if (record !== undefined && record.nextAt === dueAt && (record.tag ?? "") === tag) return;
  host.afterStored((failure) => {
    if (failure !== undefined || reminders.findAdopted(name) !== record) return;
    host.forget([{ kind: "due", name, dueAt, tag }]);
  });
}
