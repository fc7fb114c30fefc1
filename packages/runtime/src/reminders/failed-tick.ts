import { type Logger, messageOf, stackOf } from "@troupe/core";
import { dueTick, type ScheduleRecord } from "./schedule.ts";
import type { DueTick } from "./tick.ts";

/** A tick that threw, and the schedule that it is a tick of. */
export interface FailedTick {
  readonly kind: "reminder" | "timer";
  readonly facts: DueTick;
  /** As it was before the tick. */
  readonly record: ScheduleRecord | undefined;
  /** Attempts that a tick has in all. */
  readonly attempts: number;
}

const EVENTS: Readonly<Record<FailedTick["kind"], object>> = {
  reminder: { event: "reminder_failed" },
  timer: { event: "timer_failed" },
};

/**
 * Logs that a tick threw: one line when it first does, with the stack, and one when it is given up,
 * which says whether the schedule goes on. What lies between is there at debug.
 */
export function logFailedTick(log: Logger, failed: FailedTick, error: unknown): void {
  const { kind, facts, record, attempts } = failed;
  const { name, attempt, now } = facts;
  const fields = {
    ...EVENTS[kind],
    [kind]: name,
    attempt,
    attempts,
    reason: messageOf(error),
    stack: stackOf(error),
  };
  if (attempt < attempts) {
    log[attempt === 1 ? "warn" : "debug"](fields, `a ${kind}'s tick threw; it is tried again`);
    return;
  }
  const next = record === undefined ? undefined : dueTick(record, now).next;
  if (next === undefined) {
    log.error(fields, `a ${kind}'s last tick threw and is given up; the ${kind} has ended`);
    return;
  }
  const nextAt = new Date(next.nextAt).toISOString();
  log.error({ ...fields, nextAt }, `a ${kind}'s tick threw and is given up; the ${kind} goes on`);
}
