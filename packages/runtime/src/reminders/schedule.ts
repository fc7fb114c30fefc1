import {
  closestName,
  DURATION_FORMS,
  type Duration,
  messageOf,
  parseDuration,
  PERIOD_MIN_MS,
  shownValue,
  toPortable,
  TroupeError,
} from "@troupe/core";
import type { ScheduleOptions, TimerOptions } from "@troupe/sdk";
import { Cron } from "croner";

/**
 * What a schedule's options say, in milliseconds and milliseconds since the Unix epoch. It is
 * stored as it is.
 */
export interface ScheduleRule {
  readonly everyMs: number | undefined;
  readonly cron: string | undefined;
  readonly timezone: string | undefined;
  readonly times: number | undefined;
  readonly untilAt: number | undefined;
  readonly missed: "once" | "all" | "skip";
  readonly attempts: number;
  readonly backoffMs: number;
}

/** A reminder or timer as it stands. It is stored as it is, unless it is volatile. */
export interface ScheduleRecord {
  readonly name: string;
  readonly rule: ScheduleRule;
  readonly data: unknown;
  readonly nextAt: number;
  /** Ticks so far. */
  readonly count: number;
  /** Ticks that were given up because each attempt threw. Older records lack it. */
  readonly failed?: number;
  /** Of its entry in the due index. Older records, and timers, lack it. */
  readonly tag?: string;
  /** It is not stored, and ends with the activation. */
  readonly volatile?: true;
}

/** A tick that is due, and what the schedule is after it: undefined if it has ended. */
export interface DueTick {
  readonly dueAt: number;
  readonly count: number;
  readonly missed: number;
  readonly next: ScheduleRecord | undefined;
}

/** The names of all options; `Record` makes the compiler miss none. */
const OPTIONS: ReadonlySet<string> = new Set(
  Object.keys({
    in: true,
    at: true,
    every: true,
    cron: true,
    timezone: true,
    times: true,
    until: true,
    data: true,
    missed: true,
    retry: true,
    volatile: true,
  } satisfies Record<keyof TimerOptions, true>),
);

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_BACKOFF_MS = 1_000;

/**
 * A due time that is later than this was missed, rather than just late. Only `missed: "skip"` asks:
 * the others tick in both cases.
 */
const LATE_MS = 10_000;

/**
 * Due times that are counted one by one; a schedule that was away for longer says that it missed
 * this many.
 */
const MISSED_COUNT_MAX = 10_000;

/**
 * The schedule that the options ask for, from `now` on. Throws `BAD_SCHEDULE` that names the option
 * and what would be right.
 */
export function createSchedule(
  name: string,
  options: ScheduleOptions,
  now: number,
): ScheduleRecord {
  const rule = ruleOf(name, options);
  const nextAt = firstTick(name, rule, options, now);
  if (rule.untilAt !== undefined && nextAt > rule.untilAt) {
    throw badSchedule(
      name,
      "until",
      String(options.until),
      "a moment that is not before the first tick",
    );
  }
  const data = toPortable(options.data, { root: `reminder ${name}: data` });
  return { name, rule, data: data.value, nextAt, count: 0 };
}

/**
 * The tick of `record` that is due at `now`, or undefined if `missed: "skip"` leaves none of those
 * that are.
 */
export function dueTick(
  record: ScheduleRecord,
  now: number,
): DueTick | { readonly dueAt: undefined; readonly next: ScheduleRecord | undefined } {
  const { rule, nextAt } = record;
  const count = record.count + 1;
  switch (rule.missed) {
    case "all":
      return { dueAt: nextAt, count, missed: 0, next: after(record, nextAt, count) };
    case "once": {
      const { last, passed } = passedBy(rule, nextAt, now);
      return { dueAt: nextAt, count, missed: passed, next: after(record, last, count) };
    }
    case "skip": {
      const { last } = passedBy(rule, nextAt, now);
      if (now - last > LATE_MS)
        return { dueAt: undefined, next: after(record, last, record.count) };
      return { dueAt: last, count, missed: 0, next: after(record, last, count) };
    }
  }
}

/** The last due time that is neither after `now` nor after the end, and how many came before it. */
function passedBy(
  rule: ScheduleRule,
  nextAt: number,
  now: number,
): { last: number; passed: number } {
  const upTo = Math.min(now, rule.untilAt ?? now);
  if (rule.everyMs !== undefined && nextAt <= upTo) {
    const passed = Math.floor((upTo - nextAt) / rule.everyMs);
    return { last: nextAt + passed * rule.everyMs, passed };
  }
  let last = nextAt;
  let passed = 0;
  for (
    let due = dueAfter(rule, last);
    due !== undefined && due <= upTo && passed < MISSED_COUNT_MAX;
    due = dueAfter(rule, last)
  ) {
    last = due;
    passed++;
  }
  return { last, passed };
}

function after(record: ScheduleRecord, dueAt: number, count: number): ScheduleRecord | undefined {
  const { rule } = record;
  const nextAt = dueAfter(rule, dueAt);
  if (nextAt === undefined || (rule.times !== undefined && count >= rule.times)) return undefined;
  if (rule.untilAt !== undefined && nextAt > rule.untilAt) return undefined;
  return { ...record, nextAt, count };
}

function dueAfter({ everyMs, cron, timezone }: ScheduleRule, dueAt: number): number | undefined {
  if (everyMs !== undefined) return dueAt + everyMs;
  if (cron === undefined) return undefined;
  return new Cron(cron, { timezone: timezone ?? "UTC" }).nextRun(new Date(dueAt))?.getTime();
}

function checkOptions(name: string, options: ScheduleOptions): void {
  if (typeof options !== "object" || options === null)
    throw badSchedule(name, "what was given", options, 'options, such as { every: "10m" }');
  const unknown = Object.keys(options).find((option) => !OPTIONS.has(option));
  if (unknown !== undefined) throw unknownOption(name, unknown, [...OPTIONS]);
  const { cron, timezone, retry } = options;
  checkRetry(name, retry);
  // croner takes other things than texts, which would be stored as they are.
  for (const [option, value] of Object.entries({ cron, timezone }))
    if (value !== undefined && typeof value !== "string")
      throw badSchedule(name, option, value, "a text");
  if (timezone !== undefined && cron === undefined)
    throw badSchedule(
      name,
      "timezone",
      timezone,
      "cron as well, or leave it out: only cron uses it",
    );
}

const RETRY_OPTIONS = ["attempts", "backoff"];

function checkRetry(name: string, retry: unknown): void {
  if (retry === undefined) return;
  if (typeof retry !== "object" || retry === null || Array.isArray(retry))
    throw badSchedule(name, "retry", retry, 'options, such as { attempts: 3, backoff: "1s" }');
  const unknown = Object.keys(retry).find((option) => !RETRY_OPTIONS.includes(option));
  if (unknown !== undefined) throw unknownOption(name, `retry.${unknown}`, RETRY_OPTIONS);
}

function unknownOption(name: string, option: string, known: readonly string[]): TroupeError {
  const meant = closestName(option.slice(option.indexOf(".") + 1), known);
  const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
  const message = `schedule ${name}: ${option} is not an option; give some of ${known.join(", ")}${guess}`;
  return new TroupeError("BAD_SCHEDULE", message);
}

function ruleOf(name: string, options: ScheduleOptions): ScheduleRule {
  checkOptions(name, options);
  const everyMs = options.every === undefined ? undefined : duration(name, "every", options.every);
  if (everyMs !== undefined && everyMs < PERIOD_MIN_MS) {
    throw badSchedule(name, "every", options.every, `at least ${PERIOD_MIN_MS} ms`);
  }
  if (everyMs !== undefined && options.cron !== undefined)
    throw badSchedule(name, "cron", options.cron, "either every or cron, not both");
  if (options.cron !== undefined) checkCron(name, options.cron, options.timezone);
  const { times, missed = "once", retry } = options;
  if (times !== undefined && !(Number.isInteger(times) && times > 0))
    throw badSchedule(name, "times", times, "a whole number from 1 on");
  if (!["once", "all", "skip"].includes(missed))
    throw badSchedule(name, "missed", missed, `"once", "all" or "skip"`);
  const attempts = retry?.attempts ?? DEFAULT_ATTEMPTS;
  if (!(Number.isInteger(attempts) && attempts > 0))
    throw badSchedule(name, "retry.attempts", attempts, "a whole number from 1 on");
  return {
    everyMs,
    cron: options.cron,
    timezone: options.timezone,
    times,
    untilAt: options.until === undefined ? undefined : moment(name, "until", options.until),
    missed,
    attempts,
    backoffMs:
      retry?.backoff === undefined
        ? DEFAULT_BACKOFF_MS
        : duration(name, "retry.backoff", retry.backoff),
  };
}

function firstTick(
  name: string,
  rule: ScheduleRule,
  options: ScheduleOptions,
  now: number,
): number {
  if (options.in !== undefined && options.at !== undefined)
    throw badSchedule(name, "at", options.at, "either in or at, not both");
  if (options.in !== undefined) return now + duration(name, "in", options.in);
  if (options.at !== undefined) return moment(name, "at", options.at);
  const first = dueAfter(rule, now);
  if (first === undefined)
    throw badSchedule(
      name,
      "in",
      undefined,
      "a first tick (in or at), a period (every or cron), or both",
    );
  return first;
}

function checkCron(name: string, cron: string, timezone: string | undefined): void {
  try {
    if (new Cron(cron, { timezone: timezone ?? "UTC" }).nextRun() === null)
      throw new RangeError("it never matches");
  } catch (error) {
    throw badSchedule(
      name,
      "cron",
      timezone === undefined ? cron : `${cron} in ${timezone}`,
      `a cron expression and an IANA time zone (${messageOf(error)})`,
    );
  }
}

function duration(name: string, option: string, value: Duration): number {
  const ms = parseDuration(value);
  if (ms === undefined) throw badSchedule(name, option, value, DURATION_FORMS);
  return ms;
}

function moment(name: string, option: string, value: Date | number | string): number {
  const at = new Date(value).getTime();
  if (Number.isNaN(at))
    throw badSchedule(
      name,
      option,
      String(value),
      "a Date, milliseconds since 1970, or an ISO 8601 text",
    );
  return at;
}

function badSchedule(name: string, option: string, value: unknown, right: string): TroupeError {
  return new TroupeError(
    "BAD_SCHEDULE",
    `schedule ${name}: ${option} is ${value === undefined ? "missing" : shownValue(value)}; give ${right}`,
  );
}
