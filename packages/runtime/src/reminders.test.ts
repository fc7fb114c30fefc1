import { Actor, actor, type ReminderTick, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/**
 * Milliseconds since the start of the test at which ticks began, with what they were. Tests run one
 * at a time.
 */
let ticks: (Pick<ReminderTick, "name" | "data" | "count" | "missed" | "attempt"> & {
  readonly at: number;
  readonly dueIn: number;
})[] = [];
let start = 0;
/** What the handler of the reminder does besides. */
let onTick: ((self: Alarm, tick: ReminderTick) => unknown) | undefined;

function note(tick: ReminderTick): void {
  const { name, data, count, missed, attempt } = tick;
  ticks.push({
    name,
    data,
    count,
    missed,
    attempt,
    at: tick.firedAt - start,
    dueIn: tick.dueAt - start,
  });
}

type SetOptions = Parameters<Alarm["reminders"]["set"]>[1];

@actor("Alarm", { idleAfter: "1m" })
class Alarm extends Actor {
  @state() accessor rung = 0;

  async set(name: string, options: SetOptions): Promise<void> {
    await this.reminders.set(name, options);
  }

  async setAndThrow(name: string, options: SetOptions): Promise<void> {
    await this.reminders.set(name, options);
    throw new RangeError("on purpose");
  }

  async setTwo(): Promise<void> {
    await this.reminders.set("ring", { in: "10s", data: 1 });
    await this.reminders.set("ring", { in: "20s", data: 2 });
    await this.reminders.set("sing", { in: "5s" });
    await this.reminders.delete("sing");
  }

  async cancel(name: string): Promise<boolean> {
    return await this.reminders.delete(name);
  }

  async one(name: string): Promise<unknown> {
    return await this.reminders.get(name);
  }

  async all(): Promise<unknown[]> {
    return await this.reminders.list();
  }

  async count(): Promise<number> {
    return this.rung;
  }

  @reminder("ring") async ring(tick: ReminderTick): Promise<void> {
    note(tick);
    this.rung++;
    await onTick?.(this, tick);
  }

  @reminder("sing") sing(tick: ReminderTick): void {
    note(tick);
  }
}

async function startCluster(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Alarm], silos });
  // The last silo's actors are its own when the others have released them.
  await cluster.advance(100);
  ticks = [];
  onTick = undefined;
  start = cluster.clock.now();
  onTestFinished(async () => {
    onTick = undefined;
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

/** When ticks began. */
function times(): number[] {
  return ticks.map(({ at }) => at);
}

describe("a reminder", () => {
  it("ticks once, at its time, with its data, and is gone then", async () => {
    const cluster = await startCluster(3);
    const alarm = cluster.actor(Alarm, "a");
    await cluster.run(alarm.set("ring", { in: "30s", data: { kind: new Map([["x", 1]]) } }));
    expect(await cluster.run(alarm.one("ring"))).toMatchObject({
      name: "ring",
      nextAt: start + 30_000,
      count: 0,
    });
    await cluster.advance(120_000);
    const data = { kind: new Map([["x", 1]]) };
    expect(ticks).toEqual([
      { name: "ring", data, count: 1, missed: 0, attempt: 1, at: 30_000, dueIn: 30_000 },
    ]);
    expect(await cluster.run(alarm.all())).toEqual([]);
  });

  it("wakes its actor, which may have been idle for long, and stores what the tick changed", async () => {
    const cluster = await startCluster();
    const alarm = cluster.actor(Alarm, "a");
    await cluster.run(alarm.set("ring", { in: "1h" }));
    await cluster.advance(1_800_000);
    expect(cluster.silos[0]?.silo.snapshot().activations).toBe(0);
    await cluster.advance(1_800_001);
    expect(times()).toEqual([3_600_000]);
    await cluster.advance(120_000);
    expect(await cluster.run(alarm.count())).toBe(1);
  });

  it("repeats, and keeps its period", async () => {
    const cluster = await startCluster();
    await cluster.run(cluster.actor(Alarm, "a").set("ring", { every: "15s", in: "1s", times: 4 }));
    await cluster.advance(300_000);
    expect(times()).toEqual([1_000, 16_000, 31_000, 46_000]);
    expect(ticks.map(({ count }) => count)).toEqual([1, 2, 3, 4]);
  });

  it("is listed, replaced and deleted by name, each with the turn that does it", async () => {
    const cluster = await startCluster();
    const alarm = cluster.actor(Alarm, "a");
    await cluster.run(alarm.setTwo());
    expect(await cluster.run(alarm.all())).toMatchObject([
      { name: "ring", data: 2, nextAt: start + 20_000 },
    ]);
    await cluster.run(alarm.set("sing", { in: "1m" }));
    expect(await cluster.run(alarm.cancel("sing"))).toBe(true);
    expect(await cluster.run(alarm.cancel("sing"))).toBe(false);
    expect(await cluster.run(alarm.one("sing"))).toBeUndefined();
    await cluster.advance(120_000);
    expect(ticks).toMatchObject([{ name: "ring", data: 2, at: 20_000 }]);
    await cluster.waitUntil(() => dueCount(cluster) === 0);
  });

  it("that a turn set which throws was never set, and what such a turn replaced is still there", async () => {
    const cluster = await startCluster();
    const alarm = cluster.actor(Alarm, "a");
    await cluster.run(alarm.set("ring", { in: "20s", data: "old" }));
    await expect(
      cluster.run(alarm.setAndThrow("ring", { in: "5s", data: "new" })),
    ).rejects.toBeInstanceOf(RangeError);
    await expect(cluster.run(alarm.setAndThrow("sing", { in: "5s" }))).rejects.toBeInstanceOf(
      RangeError,
    );
    await cluster.advance(60_000);
    expect(ticks).toMatchObject([{ name: "ring", data: "old", at: 20_000 }]);
  });

  it("without a method for it is refused, with the methods that there are", async () => {
    const cluster = await startCluster();
    const error: unknown = await cluster.run(
      cluster
        .actor(Alarm, "a")
        .set("unheard", { in: 1 })
        .catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({ code: "BAD_SCHEDULE" });
    expect(String(error)).toContain('write @reminder("unheard") above one (there are: ring, sing)');
  });

  it("is never volatile, which only a timer can be", async () => {
    const cluster = await startCluster();
    const volatile = { in: 1, volatile: true };
    await expect(cluster.run(cluster.actor(Alarm, "a").set("ring", volatile))).rejects.toThrow(
      "schedule ring: volatile is for timers; leave it out, or set a timer",
    );
    expect(await cluster.run(cluster.actor(Alarm, "a").all())).toEqual([]);
  });

  it("survives the death of every silo at once", async () => {
    const cluster = await startCluster(3);
    await cluster.run(cluster.actor(Alarm, "a").set("ring", { in: "30s" }));
    await cluster.run(cluster.actor(Alarm, "b").set("ring", { every: "10s", times: 3 }));
    while (cluster.silos[0] !== undefined) cluster.silos[0].kill();
    await cluster.advance(35_000);
    expect(ticks).toEqual([]);
    await cluster.startSilo();
    await cluster.advance(30_000);
    expect(ticks.filter(({ count }) => count === 1).length).toBe(2);
    expect(ticks.filter(({ missed }) => missed === 2).length).toBe(1);
  });

  it("goes with its actor to a silo that joins, and away from one that drains, without a gap", async () => {
    const cluster = await startCluster(1);
    const ids = Array.from({ length: 20 }, (_, index) => `a${index}`);
    for (const id of ids) await cluster.run(cluster.actor(Alarm, id).set("ring", { every: "1s" }));
    await cluster.advance(3_000);
    await cluster.startSilo();
    await cluster.advance(3_000);
    await cluster.startSilo();
    await cluster.advance(3_000);
    const first = cluster.silos[0];
    if (first !== undefined) await cluster.stopSilo(first);
    await cluster.advance(3_000);
    for (const id of ids) {
      const rung = await cluster.run(cluster.actor(Alarm, id).count());
      const expected = Math.floor((cluster.clock.now() - start) / 1_000);
      expect(rung).toBeGreaterThanOrEqual(expected - 2);
    }
    expect(ticks.every(({ missed }) => missed === 0)).toBe(true);
  });

  it("that throws is tried again with growing pauses, then given up, and goes on with its next due time", async () => {
    const cluster = await startCluster();
    onTick = (_, { count }) => {
      if (count === 1) throw new RangeError("not yet");
    };
    const alarm = cluster.actor(Alarm, "a");
    await cluster.run(alarm.set("ring", { every: "1m", retry: { attempts: 3, backoff: "2s" } }));
    await cluster.advance(179_000);
    expect(ticks.map(({ attempt, count }) => [attempt, count])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [1, 2],
    ]);
    const [first = 0, second = 0, third = 0, next] = ticks.map(({ at }) => at);
    expect([first, next]).toEqual([60_000, 120_000]);
    // Each pause is at least what was asked for, and at most half of it longer.
    expect(second - first).toBeGreaterThanOrEqual(2_000);
    expect(second - first).toBeLessThanOrEqual(3_000);
    expect(third - second).toBeGreaterThanOrEqual(4_000);
    expect(third - second).toBeLessThanOrEqual(6_000);
    // What a throwing tick changed was not stored.
    expect(await cluster.run(alarm.count())).toBe(1);
  });

  it("deleted by its own tick never ticks again", async () => {
    const cluster = await startCluster();
    onTick = (self) => self.cancel("ring");
    await cluster.run(cluster.actor(Alarm, "a").set("ring", { every: "1s" }));
    await cluster.advance(10_000);
    expect(times()).toEqual([1_000]);
  });

  it("set anew by its own tick ticks again, also for the moment that is now", async () => {
    const cluster = await startCluster();
    onTick = async (self, { data }) => {
      if (Number(data) < 4) await self.set("ring", { in: 0, data: Number(data) + 1 });
    };
    await cluster.run(cluster.actor(Alarm, "a").set("ring", { in: "1s", data: 1 }));
    await cluster.advance(10_000);
    expect(ticks.map(({ data }) => data)).toEqual([1, 2, 3, 4]);
  });

  it("deleted has no tick that begins after delete resolved", async () => {
    const cluster = await startCluster();
    const alarm = cluster.actor(Alarm, "a");
    await cluster.run(alarm.set("ring", { every: 100 }));
    await cluster.advance(950);
    await cluster.run(alarm.cancel("ring"));
    const { length } = ticks;
    await cluster.advance(10_000);
    expect(ticks.length).toBe(length);
  });

  it.each([
    [
      "once" as const,
      [
        [60_000, 0],
        [390_000, 4],
        [420_000, 0],
      ],
    ],
    [
      "all" as const,
      [
        [60_000, 0],
        [390_000, 0],
        [390_000, 0],
        [390_000, 0],
        [390_000, 0],
        [390_000, 0],
        [420_000, 0],
      ],
    ],
    [
      "skip" as const,
      [
        [60_000, 0],
        [420_000, 0],
      ],
    ],
  ])(
    "with missed: %s keeps what that promises when nobody could tick for five minutes",
    async (missed, expected) => {
      const cluster = await startCluster();
      await cluster.run(cluster.actor(Alarm, "a").set("ring", { every: "1m", missed }));
      await cluster.advance(90_000);
      cluster.silos[0]?.kill();
      await cluster.advance(300_000);
      await cluster.startSilo();
      await cluster.advance(60_000);
      const rounded = ticks.map(({ at, missed: passed }) => [
        Math.floor(at / 10_000) * 10_000,
        passed,
      ]);
      expect(rounded).toEqual(expected);
    },
  );

  it("ticks on when the store was away, and loses nothing", async () => {
    const cluster = await startCluster();
    const [silo] = cluster.silos;
    await cluster.run(cluster.actor(Alarm, "a").set("ring", { in: "5s" }));
    if (silo !== undefined) silo.stores.fault = "away";
    await cluster.advance(60_000);
    if (silo !== undefined) silo.stores.fault = "up";
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Alarm, "a").count())).toBe(1);
  });

  it("has one effect though the answers of the store are lost", async () => {
    const cluster = await startCluster();
    const [silo] = cluster.silos;
    await cluster.run(cluster.actor(Alarm, "a").set("ring", { in: "5s" }));
    if (silo !== undefined) silo.stores.fault = "deaf";
    await cluster.advance(20_000);
    if (silo !== undefined) silo.stores.fault = "up";
    await cluster.advance(20_000);
    expect(await cluster.run(cluster.actor(Alarm, "a").count())).toBe(1);
    await cluster.waitUntil(() => dueCount(cluster) === 0);
  });
});

/** Entries in the index of due times. */
function dueCount(cluster: TestCluster): number {
  const everything = Array.from({ length: 1_024 }, (_, bucket) => bucket);
  return cluster.due.due(everything, Number.MAX_SAFE_INTEGER, 1_000).length;
}
