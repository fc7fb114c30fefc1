import type { ReminderTick } from "@troupe/sdk";
import { describe, expect, it } from "vitest";
import { createSchedule, type ScheduleRecord } from "./schedule.ts";
import { runTick, skipTick, type TickTable } from "./tick.ts";

const NOW = Date.UTC(2026, 0, 1);

/** A table that stores nothing. */
class LooseTable implements TickTable {
  readonly records = new Map<string, ScheduleRecord>();

  find(name: string): ScheduleRecord | undefined {
    return this.records.get(name);
  }

  dataOf(record: ScheduleRecord): unknown {
    return record.data;
  }

  put(name: string, record: ScheduleRecord | undefined): void {
    if (record === undefined) this.records.delete(name);
    else this.records.set(name, record);
  }
}

function tableWith(options: Parameters<typeof createSchedule>[1]): LooseTable {
  const table = new LooseTable();
  table.put("poll", createSchedule("poll", options, NOW));
  return table;
}

describe("a tick", () => {
  it("tells the handler what it is, with the schedule moved on already", async () => {
    const table = tableWith({ every: "1s", data: { kind: "daily" } });
    const ticks: ReminderTick[] = [];
    const facts = { name: "poll", dueAt: NOW + 1_000, attempt: 2, now: NOW + 3_500 };
    const result = await runTick(table, facts, (tick) => {
      ticks.push(tick);
      expect(table.find("poll")?.nextAt).toBe(NOW + 4_000);
    });
    expect(result).toBe("ticked");
    expect(ticks).toEqual([
      {
        name: "poll",
        data: { kind: "daily" },
        dueAt: NOW + 1_000,
        firedAt: NOW + 3_500,
        count: 1,
        missed: 2,
        attempt: 2,
      },
    ]);
  });

  it("is stale if its schedule has another due time, or is gone", async () => {
    const table = tableWith({ every: "1s" });
    const calls: unknown[] = [];
    const handle = (tick: unknown): unknown => calls.push(tick);
    expect(
      await runTick(table, { name: "poll", dueAt: NOW, attempt: 1, now: NOW + 5_000 }, handle),
    ).toBe("stale");
    expect(
      await runTick(
        table,
        { name: "other", dueAt: NOW + 1_000, attempt: 1, now: NOW + 5_000 },
        handle,
      ),
    ).toBe("stale");
    expect(calls).toEqual([]);
  });

  it("never begins before its time", async () => {
    const table = tableWith({ in: "1s" });
    let calls = 0;
    const at = (now: number): Promise<unknown> =>
      runTick(table, { name: "poll", dueAt: NOW + 1_000, attempt: 1, now }, () => calls++);
    expect(await at(NOW + 999)).toBe("early");
    expect(calls).toBe(0);
    expect(await at(NOW + 1_000)).toBe("ticked");
    expect(calls).toBe(1);
  });

  it("lets the handler have the last word about its own schedule", async () => {
    const table = tableWith({ every: "1s" });
    const replacement = createSchedule("poll", { in: "1h" }, NOW);
    const facts = { name: "poll", dueAt: NOW + 1_000, attempt: 1, now: NOW + 1_000 };
    await runTick(table, facts, () => table.put("poll", replacement));
    expect(table.find("poll")).toBe(replacement);
    await runTick(table, { ...facts, dueAt: replacement.nextAt, now: replacement.nextAt }, () =>
      table.put("poll", undefined),
    );
    expect(table.find("poll")).toBeUndefined();
  });

  it("moves on without the handler if `missed: skip` leaves it out", async () => {
    const table = tableWith({ every: "1m", missed: "skip" });
    let calls = 0;
    const facts = { name: "poll", dueAt: NOW + 60_000, attempt: 1, now: NOW + 60_000 * 3 + 30_000 };
    expect(await runTick(table, facts, () => calls++)).toBe("ticked");
    expect(calls).toBe(0);
    expect(table.find("poll")?.nextAt).toBe(NOW + 60_000 * 4);
  });

  it("that throws leaves the schedule where it was, also where nothing is rolled back", async () => {
    const table = tableWith({ every: "1s" });
    const facts = { name: "poll", dueAt: NOW + 1_000, attempt: 1, now: NOW + 1_000 };
    await expect(
      runTick(table, facts, () => Promise.reject(new RangeError("on purpose"))),
    ).rejects.toBeInstanceOf(RangeError);
    expect(table.find("poll")?.nextAt).toBe(NOW + 1_000);
  });

  it("that is given up moves the schedule on, once", () => {
    const table = tableWith({ every: "1s" });
    const facts = { name: "poll", dueAt: NOW + 1_000, attempt: 5, now: NOW + 1_500 };
    skipTick(table, facts);
    skipTick(table, facts);
    expect(table.find("poll")?.nextAt).toBe(NOW + 2_000);
  });
});
