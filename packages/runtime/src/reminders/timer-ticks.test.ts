import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { createSchedule, type ScheduleRecord } from "./schedule.ts";
import { TimerTicks, type TimedActor } from "./timer-ticks.ts";

/** An actor whose timers move on by themselves when they have ticked. */
class PeriodicActor implements TimedActor {
  isDisposed = false;
  readonly timers = new Map<string, ScheduleRecord>();
  readonly ticks: { readonly name: string; readonly at: number }[] = [];
  underWay = 0;
  most = 0;
  lastsMs = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  set(name: string, options: Parameters<typeof createSchedule>[1]): void {
    this.timers.set(name, createSchedule(name, options, this.#clock.now()));
  }

  records(): Iterable<ScheduleRecord> {
    return this.timers.values();
  }

  async tick(name: string, dueAt: number): Promise<void> {
    this.ticks.push({ name, at: this.#clock.monotonic() });
    this.most = Math.max(this.most, ++this.underWay);
    if (this.lastsMs > 0)
      await new Promise<void>((resolve) => void this.#clock.schedule(this.lastsMs, resolve));
    this.underWay--;
    const record = this.timers.get(name);
    if (record === undefined || record.nextAt !== dueAt) return;
    if (record.rule.everyMs === undefined) this.timers.delete(name);
    else this.timers.set(name, { ...record, nextAt: dueAt + record.rule.everyMs });
  }
}

function setUp(): { clock: VirtualClock; actor: PeriodicActor; service: TimerTicks } {
  const clock = new VirtualClock();
  const actor = new PeriodicActor(clock);
  return { clock, actor, service: new TimerTicks(clock, actor) };
}

describe("a timer service", () => {
  it("ticks each timer when it is due, with one timer of the clock for all", async () => {
    const { clock, actor, service } = setUp();
    actor.set("slow", { every: 250 });
    actor.set("fast", { every: 100 });
    actor.set("once", { in: 150 });
    service.rearm();
    expect(clock.pending).toBe(1);
    await clock.advance(300);
    expect(actor.ticks).toEqual([
      { name: "fast", at: 100 },
      { name: "once", at: 150 },
      { name: "fast", at: 200 },
      { name: "slow", at: 250 },
      { name: "fast", at: 300 },
    ]);
    expect(clock.pending).toBe(1);
  });

  it("does not begin a tick of a timer whose last one is under way", async () => {
    const { clock, actor, service } = setUp();
    actor.lastsMs = 350;
    actor.set("fast", { every: 100 });
    service.rearm();
    await clock.advance(2_000);
    expect(actor.most).toBe(1);
    expect(actor.ticks.length).toBeGreaterThan(3);
  });

  it("follows timers that are set and deleted", async () => {
    const { clock, actor, service } = setUp();
    actor.set("x", { every: 1_000 });
    service.rearm();
    await clock.advance(500);
    actor.set("y", { in: 100 });
    service.rearm();
    await clock.advance(200);
    actor.timers.delete("x");
    service.rearm();
    await clock.advance(5_000);
    expect(actor.ticks).toEqual([{ name: "y", at: 600 }]);
    expect(clock.pending).toBe(0);
  });

  it("ends with its actor", async () => {
    const { clock, actor, service } = setUp();
    actor.set("x", { every: 100 });
    service.rearm();
    await clock.advance(150);
    actor.isDisposed = true;
    service.rearm();
    await clock.advance(1_000);
    expect(actor.ticks.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("does not tick early when the wall clock is set back", async () => {
    const { clock, actor, service } = setUp();
    actor.set("x", { in: 100 });
    service.rearm();
    clock.jumpWall(-1_000);
    await clock.advance(1_099);
    expect(actor.ticks).toEqual([]);
    await clock.advance(1);
    expect(actor.ticks.length).toBe(1);
  });
});
