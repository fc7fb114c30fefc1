import type { Duration } from "@troupe/core";

/**
 * When a reminder or timer ticks. Give a first tick (`in` or `at`), a period (`every` or `cron`),
 * or both.
 */
export interface ScheduleOptions<D = unknown> {
  /** Delay of the first tick. */
  readonly in?: Duration;
  /** Moment of the first tick. A moment that has passed ticks at once. */
  readonly at?: Date | number | string;
  /** Period, at least 100 ms. Without `in` or `at` the first tick comes after one period. */
  readonly every?: Duration;
  /** Cron expression of five fields, or six with seconds first. */
  readonly cron?: string;
  /** IANA time zone of `cron`. Default: UTC. */
  readonly timezone?: string;
  /** Ticks after which it ends. */
  readonly times?: number;
  /** Moment after which it ends. */
  readonly until?: Date | number | string;
  /** Given to each tick. */
  readonly data?: D;
  /**
   * What becomes of due times that passed while nobody could tick: one tick for all of them, each
   * of them, or none. Default: once.
   */
  readonly missed?: "once" | "all" | "skip";
  /**
   * Repetition of a tick that throws. Default: 5 attempts, the second after 1 s, each pause twice
   * the last and up to half longer by chance.
   */
  readonly retry?: { readonly attempts?: number; readonly backoff?: Duration };
}

/** When a timer ticks, and whether it is stored. */
export interface TimerOptions<D = unknown> extends ScheduleOptions<D> {
  /** Keeps the timer out of the store: it ends with the activation. */
  readonly volatile?: boolean;
}

/** What a reminder's handler is given. */
export interface ReminderTick<D = unknown> {
  readonly name: string;
  readonly data: D;
  /** Milliseconds since the Unix epoch for which the tick was planned. */
  readonly dueAt: number;
  /** Milliseconds since the Unix epoch at which it began. Never before `dueAt`. */
  readonly firedAt: number;
  /** 1 for the first tick. */
  readonly count: number;
  /** Due times since the last tick that this tick stands for, besides its own. */
  readonly missed: number;
  /** 1, or more when an earlier attempt at this tick threw. */
  readonly attempt: number;
}

/** What a timer's handler is given. */
export type TimerTick<D = unknown> = ReminderTick<D>;

/** A reminder or timer as it stands. */
export interface ScheduleInfo<D = unknown> {
  readonly name: string;
  readonly data: D;
  /** Milliseconds since the Unix epoch of the next tick. */
  readonly nextAt: number;
  /** Ticks so far. */
  readonly count: number;
  /** Ticks that were given up because each attempt threw. */
  readonly failed: number;
}

/**
 * The reminders (or timers) of one actor. What a turn sets or deletes is stored with the turn, and
 * is undone if it throws.
 */
export interface Schedules<O extends ScheduleOptions = ScheduleOptions> {
  /**
   * Sets one, in place of any of that name. Throws `BAD_SCHEDULE` on wrong options or if no method
   * handles the name.
   */
  set(name: string, options: O): Promise<void>;
  /** True if there was one. */
  delete(name: string): Promise<boolean>;
  get<D = unknown>(name: string): Promise<ScheduleInfo<D> | undefined>;
  list(): Promise<ScheduleInfo[]>;
}
