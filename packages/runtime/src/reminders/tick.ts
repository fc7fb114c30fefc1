import type { ReminderTick } from "@troupe/sdk";
import { dueTick, type ScheduleRecord } from "./schedule.ts";

/** What a tick needs of the table that the schedule stands in. */
export interface TickTable {
  find(name: string): ScheduleRecord | undefined;
  dataOf(record: ScheduleRecord): unknown;
  put(name: string, record: ScheduleRecord | undefined): void;
}

export interface DueTick {
  readonly name: string;
  /** The due time that the tick is for. A schedule with another one has moved on since. */
  readonly dueAt: number;
  readonly attempt: number;
  readonly now: number;
}

/**
 * `stale`: the schedule has no such due time (any more). `early`: it has to be asked for again,
 * because this silo's wall clock is behind that of the one that asked, and nothing ticks before its
 * time.
 */
export type TickResult = "ticked" | "stale" | "early";

/**
 * Runs one tick in its actor's turn. The schedule moves on with the handler's own changes, in the
 * same commit: so a tick takes effect once, however often it is asked for, and comes again if the
 * turn is not stored.
 */
export async function runTick(
  table: TickTable,
  facts: DueTick,
  handle: (tick: ReminderTick) => unknown,
): Promise<TickResult> {
  const { name, dueAt, attempt, now } = facts;
  const record = table.find(name);
  if (record === undefined || record.nextAt !== dueAt) return "stale";
  if (now < dueAt) return "early";
  const due = dueTick(record, now);
  // First, so that a handler that sets or deletes its own schedule has the last word.
  table.put(name, due.next);
  if (due.dueAt === undefined) return "ticked";
  const { count, missed } = due;
  try {
    await handle({
      name,
      data: table.dataOf(record),
      dueAt: due.dueAt,
      firedAt: now,
      count,
      missed,
      attempt,
    });
  } catch (error) {
    // Beside an interleaving turn nothing is rolled back, and the tick has to come again all the
    // same (D3).
    if (table.find(name) === due.next) table.put(name, record);
    throw error;
  }
  return "ticked";
}

/** Gives up on a tick that threw too often: the schedule moves on without it. */
export function skipTick(table: TickTable, { name, dueAt, now }: DueTick): void {
  const record = table.find(name);
  if (record?.nextAt !== dueAt) return;
  const { next } = dueTick(record, now);
  table.put(name, next === undefined ? undefined : { ...next, failed: (record.failed ?? 0) + 1 });
}
