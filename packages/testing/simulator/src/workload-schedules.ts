import type { ScheduleOptions } from "@troupe/sdk";

/** How a schedule of the workload goes on after its first tick. */
export interface WorkloadSchedule {
  /** Milliseconds between two due times. */
  readonly everyMs: number;
  /** Set as this, without a delay, and with the same period. */
  readonly cron?: string;
  readonly times: number;
  readonly missed: NonNullable<ScheduleOptions["missed"]>;
}

/**
 * The reminders of an alarm. A policy of its own each, and periods short enough for all of their
 * ticks to come within a run.
 */
export const REMINDER_SCHEDULES: Readonly<Record<ReminderName, WorkloadSchedule>> = {
  once: { everyMs: 0, times: 1, missed: "all" },
  often: { everyMs: 700, times: 3, missed: "all" },
  byCron: { everyMs: 2_000, cron: "*/2 * * * * *", times: 3, missed: "all" },
  merged: { everyMs: 500, times: 3, missed: "once" },
  fresh: { everyMs: 900, times: 3, missed: "skip" },
  // Seldom enough to be deleted and set again for the same due time, while that is still too far
  // ahead for a silo to have it in memory.
  seldom: { everyMs: 20_000, cron: "*/20 * * * * *", times: 1, missed: "all" },
};

/** The timers of a metronome. */
export const TIMER_SCHEDULES: Readonly<Record<TimerName, WorkloadSchedule>> = {
  single: { everyMs: 0, times: 1, missed: "all" },
  steady: { everyMs: 400, times: 4, missed: "all" },
  lazy: { everyMs: 600, times: 3, missed: "once" },
};

export const REMINDER_NAMES = ["once", "often", "byCron", "merged", "fresh", "seldom"] as const;
export const TIMER_NAMES = ["single", "steady", "lazy"] as const;

export type ReminderName = (typeof REMINDER_NAMES)[number];
export type TimerName = (typeof TIMER_NAMES)[number];

/** What to set it with: the data of each tick is the call that set it. */
export function optionsOf(
  schedule: WorkloadSchedule,
  call: string,
  inMs: number,
): ScheduleOptions<string> {
  const { everyMs, cron, times, missed } = schedule;
  if (cron !== undefined) return { cron, times, missed, data: call };
  return everyMs === 0
    ? { in: inMs, missed, data: call }
    : { in: inMs, every: everyMs, times, missed, data: call };
}
