import type { ScheduleOptions } from "@troupe/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSchedule, type DueTick, dueTick, type ScheduleRecord } from "./schedule.ts";

const NOW = Date.UTC(2026, 0, 1);

function schedule(options: ScheduleOptions, now = NOW): ScheduleRecord {
  return createSchedule("poll", options, now);
}

/** Every tick of a schedule that is looked at exactly when it is due, up to `most`. */
function punctual(record: ScheduleRecord, most: number): { ticks: number[]; ended: boolean } {
  const ticks: number[] = [];
  let next: ScheduleRecord | undefined = record;
  while (next !== undefined && ticks.length < most) {
    const due: ReturnType<typeof dueTick> = dueTick(next, next.nextAt);
    if (due.dueAt !== undefined) ticks.push(due.dueAt);
    next = due.next;
  }
  return { ticks, ended: next === undefined };
}

function iso(times: readonly number[]): string[] {
  return times.map((time) => new Date(time).toISOString());
}

const rules = fc.record({
  every: fc.integer({ min: 100, max: 100_000 }),
  in: fc.integer({ min: 0, max: 1_000_000 }),
  missed: fc.constantFrom("once" as const, "all" as const, "skip" as const),
});

describe("a schedule", () => {
  it("ticks once if it has no period", () => {
    const record = schedule({ in: "30m" });
    expect(punctual(record, 10)).toEqual({ ticks: [NOW + 1_800_000], ended: true });
    expect(punctual(schedule({ at: new Date(NOW + 5) }), 10)).toEqual({
      ticks: [NOW + 5],
      ended: true,
    });
    expect(schedule({ at: "2026-02-01T00:00:00Z" }).nextAt).toBe(Date.UTC(2026, 1, 1));
    expect(schedule({ at: NOW - 5 }).nextAt).toBe(NOW - 5);
  });

  it("ticks first after one period, or when `in` or `at` says", () => {
    expect(schedule({ every: "15s" }).nextAt).toBe(NOW + 15_000);
    expect(schedule({ every: "15s", in: "1s" }).nextAt).toBe(NOW + 1_000);
    expect(schedule({ every: "15s", at: NOW + 7 }).nextAt).toBe(NOW + 7);
    expect(schedule({ cron: "0 9 * * *", in: "1s" }).nextAt).toBe(NOW + 1_000);
  });

  it("ends after `times` ticks, and with the last tick that is not after `until`", () => {
    expect(punctual(schedule({ every: 100, times: 3 }), 10)).toEqual({
      ticks: [NOW + 100, NOW + 200, NOW + 300],
      ended: true,
    });
    expect(punctual(schedule({ every: 100, until: NOW + 300 }), 10)).toEqual({
      ticks: [NOW + 100, NOW + 200, NOW + 300],
      ended: true,
    });
    expect(punctual(schedule({ every: 100, until: NOW + 299 }), 10).ticks).toEqual([
      NOW + 100,
      NOW + 200,
    ]);
  });

  it("keeps its period however late it is looked at", () => {
    fc.assert(
      fc.property(
        rules,
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 20 }),
        (rule, delays) => {
          let record: ScheduleRecord = schedule(rule);
          const first = record.nextAt;
          for (const delay of delays) {
            const now = record.nextAt + delay;
            const due = dueTick(record, now);
            const next = due.next;
            if (next === undefined) throw new Error("it has no end");
            expect((next.nextAt - first) % rule.every).toBe(0);
            if (rule.missed === "all") expect(next.nextAt).toBe(record.nextAt + rule.every);
            else expect(next.nextAt).toBeGreaterThan(now);
            if (due.dueAt !== undefined) {
              expect(due.dueAt).toBeLessThanOrEqual(now);
              expect(due.dueAt).toBeGreaterThanOrEqual(record.nextAt);
            }
            record = next;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("accounts for every due time: as a tick of its own, or as one that another tick stands for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 10_000 }),
        fc.constantFrom("once" as const, "all" as const),
        fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 20 }),
        (every, missed, delays) => {
          let record: ScheduleRecord = schedule({ every, missed });
          let accounted = 0;
          for (const [index, delay] of delays.entries()) {
            const due = dueTick(record, record.nextAt + delay) as DueTick;
            expect(due.count).toBe(index + 1);
            accounted += 1 + due.missed;
            record = due.next as ScheduleRecord;
            expect(record.nextAt).toBe(NOW + every * (accounted + 1));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("with `missed: skip` leaves out what is long past, and does not count it", () => {
    const record = schedule({ every: "1m", missed: "skip", times: 2 });
    const late = dueTick(record, record.nextAt + 59_000);
    expect(late).toMatchObject({
      dueAt: undefined,
      next: { nextAt: record.nextAt + 60_000, count: 0 },
    });
    const justLate = dueTick(record, record.nextAt + 9_000);
    expect(justLate).toMatchObject({ dueAt: record.nextAt, count: 1, missed: 0 });
  });

  it("with `missed: skip` leaves out a single tick that is long past, and ends", () => {
    const record = schedule({ in: "1m", missed: "skip" });
    expect(dueTick(record, record.nextAt + 3_600_000)).toEqual({
      dueAt: undefined,
      next: undefined,
    });
  });

  it("stands with one tick for everything that a long absence missed, also with cron", () => {
    const every = dueTick(schedule({ every: 100 }), NOW + 100 + 100 * 1_000_000) as DueTick;
    expect(every).toMatchObject({
      dueAt: NOW + 100,
      missed: 1_000_000,
      next: { nextAt: NOW + 100 + 100 * 1_000_001 },
    });
    const cron = schedule({ cron: "0 * * * *" });
    const due = dueTick(cron, cron.nextAt + 3_600_000 * 48 + 5) as DueTick;
    expect(due).toMatchObject({ missed: 48, next: { nextAt: cron.nextAt + 3_600_000 * 49 } });
  });

  it("does not count due times after `until` as missed", () => {
    const record = schedule({ every: 100, until: NOW + 300 });
    expect(dueTick(record, NOW + 100_000)).toMatchObject({
      dueAt: NOW + 100,
      missed: 2,
      next: undefined,
    });
  });

  it("never ticks for a due time after `until`, also not with `missed: skip`", () => {
    const record = schedule({ every: 100, until: NOW + 300, missed: "skip" });
    expect(dueTick(record, NOW + 5_000)).toMatchObject({ dueAt: NOW + 300, next: undefined });
    expect(dueTick(record, NOW + 50_000)).toEqual({ dueAt: undefined, next: undefined });
  });

  it("with `missed: all` still ticks for each due time up to `until` and `times`", () => {
    const late = NOW + 1_000_000;
    let record: ScheduleRecord | undefined = schedule({
      every: 100,
      until: NOW + 300,
      missed: "all",
    });
    const ticks: number[] = [];
    while (record !== undefined) {
      const due = dueTick(record, late);
      if (due.dueAt !== undefined) ticks.push(due.dueAt);
      record = due.next;
    }
    expect(ticks).toEqual([NOW + 100, NOW + 200, NOW + 300]);
  });
});

describe("a cron schedule", () => {
  it("counts in UTC unless a time zone is named", () => {
    expect(iso(punctual(schedule({ cron: "0 9 1 * *" }), 2).ticks)).toEqual([
      "2026-01-01T09:00:00.000Z",
      "2026-02-01T09:00:00.000Z",
    ]);
    const berlin = schedule({ cron: "0 9 1 * *", timezone: "Europe/Berlin" });
    expect(iso(punctual(berlin, 5).ticks)).toEqual([
      "2026-01-01T08:00:00.000Z",
      "2026-02-01T08:00:00.000Z",
      "2026-03-01T08:00:00.000Z",
      "2026-04-01T07:00:00.000Z",
      "2026-05-01T07:00:00.000Z",
    ]);
  });

  it("takes seconds as the first of six fields", () => {
    expect(iso(punctual(schedule({ cron: "*/20 * * * * *" }), 3).ticks)).toEqual([
      "2026-01-01T00:00:20.000Z",
      "2026-01-01T00:00:40.000Z",
      "2026-01-01T00:01:00.000Z",
    ]);
  });

  it("ticks once a day on the days that have 23 and 25 hours", () => {
    // In Berlin 02:30 does not exist on 29 March 2026, and comes twice on 25 October.
    const spring = schedule(
      { cron: "30 2 * * *", timezone: "Europe/Berlin" },
      Date.UTC(2026, 2, 28),
    );
    const inSpring = punctual(spring, 3).ticks.map((time) => new Date(time).getUTCDate());
    expect(inSpring).toEqual([28, 29, 30]);
    const autumn = schedule(
      { cron: "30 2 * * *", timezone: "Europe/Berlin" },
      Date.UTC(2026, 9, 24),
    );
    const inAutumn = punctual(autumn, 3).ticks.map((time) => new Date(time).getUTCDate());
    expect(inAutumn).toEqual([24, 25, 26]);
  });

  it("gives due times that only rise, in any time zone and season", () => {
    const zones = fc.constantFrom(
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Kathmandu",
    );
    const crons = fc.constantFrom(
      "30 2 * * *",
      "*/15 * * * *",
      "0 0 * * 1",
      "0 1 * * *",
      "59 23 28-31 * *",
      "0 */6 * * *",
    );
    const from = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 11, 31) });
    fc.assert(
      fc.property(zones, crons, from, (timezone, cron, now) => {
        const { ticks } = punctual(schedule({ cron, timezone }, now), 8);
        expect(ticks.length).toBe(8);
        let last = now;
        for (const tick of ticks) {
          expect(tick).toBeGreaterThan(last);
          last = tick;
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("wrong options", () => {
  const wrong: [ScheduleOptions, string][] = [
    [{}, "a first tick (in or at), a period (every or cron), or both"],
    [{ every: 99 }, "at least 100 ms"],
    [{ every: "1 day" as "1d" }, "every is"],
    [{ in: -1 }, "in is -1"],
    [{ in: 1, at: 2 }, "either in or at"],
    [{ at: "soon" }, "at is"],
    [{ every: "1s", cron: "* * * * *" }, "either every or cron"],
    [{ cron: "not cron" }, "a cron expression"],
    [{ cron: "0 0 31 2 *" }, "never matches"],
    [{ cron: "* * * * *", timezone: "Mars/Olympus" }, "Mars/Olympus"],
    [{ every: "1d", timezone: "Europe/Berlin" }, "cron as well, or leave it out"],
    [{ evry: "1d" } as ScheduleOptions, "evry is not an option; give some of in, at, every, cron"],
    [{ evry: "1d" } as ScheduleOptions, "did you mean every?"],
    [{ in: 1, retry: { atempts: 3 } as object }, "retry.atempts is not an option"],
    [{ in: 1, retry: 3 as never }, "retry is 3; give options"],
    ["10m" as unknown as ScheduleOptions, 'what was given is "10m"; give options'],
    [{ every: Infinity }, "every is Infinity"],
    [{ in: 1, times: 0 }, "times is 0"],
    [{ in: 1, times: 1.5 }, "times is 1.5"],
    [{ in: 1, missed: "never" as "once" }, "missed is"],
    [{ in: 1, until: "later" }, "until is"],
    [{ in: 1, retry: { attempts: 0 } }, "retry.attempts is 0"],
    [{ in: 1, retry: { backoff: "x" as "1s" } }, "retry.backoff is"],
  ];

  it.each(wrong)(
    "%j are BAD_SCHEDULE, and the message says what would be right",
    (options, says) => {
      expect(() => schedule(options)).toThrowError(
        expect.objectContaining({ code: "BAD_SCHEDULE", message: expect.stringContaining(says) }),
      );
    },
  );

  it("are refused with the path of data that cannot be copied", () => {
    expect(() => schedule({ in: 1, data: { after: [() => 1] } })).toThrowError(
      expect.objectContaining({
        code: "NOT_SERIALIZABLE",
        message: expect.stringContaining("data.after[0]"),
      }),
    );
  });
});
