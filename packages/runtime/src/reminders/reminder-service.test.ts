import { type DueEntry, type ReminderStore, silentLogger, TroupeError } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { entryKey } from "./due-queue.ts";
import { ReminderService, type TickOutcome } from "./reminder-service.ts";

/** An index in memory that can be away, and that counts what it is asked. */
class CountingStore implements ReminderStore {
  readonly entries = new Map<string, DueEntry>();
  isAway = false;
  readings = 0;

  async add(entries: readonly DueEntry[]): Promise<void> {
    this.#checkReach();
    for (const entry of entries) this.entries.set(entryKey(entry), entry);
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    this.#checkReach();
    for (const entry of entries) this.entries.delete(entryKey(entry));
  }

  async due(buckets: readonly number[], until: number, limit: number): Promise<DueEntry[]> {
    this.readings++;
    this.#checkReach();
    return [...this.entries.values()]
      .filter(({ bucket, dueAt }) => buckets.includes(bucket) && dueAt <= until)
      .toSorted((one, other) => one.dueAt - other.dueAt)
      .slice(0, limit);
  }

  async close(): Promise<void> {}

  #checkReach(): void {
    if (this.isAway) throw new TroupeError("STORE_UNAVAILABLE", "away");
  }
}

/** A service whose ticks the test answers. */
class Desk {
  readonly clock = new VirtualClock();
  readonly start = this.clock.now();
  readonly store = new CountingStore();
  readonly ticks: { readonly name: string; readonly at: number; readonly attempt: number }[] = [];
  readonly skipped: string[] = [];
  owned: (address: DueEntry["address"]) => boolean = () => true;
  answer: (entry: DueEntry) => Promise<TickOutcome> = async () => ({ kind: "done" });
  readonly service = new ReminderService({
    clock: this.clock,
    random: { next: () => 0 },
    logger: silentLogger,
    store: this.store,
    owns: (address) => this.owned(address),
    tick: async (entry, attempt) => {
      this.ticks.push({ name: entry.name, at: this.clock.now() - this.start, attempt });
      const outcome = await this.answer(entry);
      // As the actor does when the tick is stored; if the store is away, the entry stays.
      if (outcome.kind === "done") await this.store.remove([entry]).catch(() => undefined);
      return outcome;
    },
    skip: async (entry) => {
      this.skipped.push(entry.name);
      // As the commit does by which the schedule moves on.
      await this.store.remove([entry]);
    },
  });

  entry(name: string, inMs: number, bucket = 1): DueEntry {
    return { bucket, address: { type: "A", id: name }, name, dueAt: this.start + inMs, tag: "" };
  }

  /** When each tick began, after the start. */
  get times(): number[] {
    return this.ticks.map(({ at }) => at);
  }

  run(buckets: readonly number[] = [1]): void {
    this.service.setBuckets(buckets);
    this.service.start();
  }
}

describe("a reminder service", () => {
  it("ticks what the index has, to the millisecond and in order, and takes it out", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("c", 25_000), desk.entry("a", 7), desk.entry("b", 4_001)]);
    desk.run();
    await desk.clock.advance(60_000);
    expect(desk.ticks).toEqual([
      { name: "a", at: 7, attempt: 1 },
      { name: "b", at: 4_001, attempt: 1 },
      { name: "c", at: 25_000, attempt: 1 },
    ]);
    expect(desk.store.entries.size).toBe(0);
  });

  it("ticks at once what is overdue", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("late", -86_400_000)]);
    desk.run();
    await desk.clock.advance(1);
    expect(desk.times).toEqual([0]);
  });

  it("ticks what an actor plans within the horizon without waiting for a reading", async () => {
    const desk = new Desk();
    desk.run();
    await desk.clock.advance(10);
    const entry = desk.entry("soon", 60);
    await desk.store.add([entry]);
    desk.service.planned([entry]);
    await desk.clock.advance(1_000);
    expect(desk.times).toEqual([60]);
  });

  it("ticks each entry once, though it is both planned and read", async () => {
    const desk = new Desk();
    const entry = desk.entry("x", 6_000);
    desk.run();
    await desk.clock.advance(10);
    await desk.store.add([entry]);
    desk.service.planned([entry]);
    desk.service.setBuckets([1]);
    await desk.clock.advance(20_000);
    expect(desk.times).toEqual([6_000]);
  });

  it("does not begin a tick twice while it is under way, however often the index is read", async () => {
    const desk = new Desk();
    const over = Promise.withResolvers<TickOutcome>();
    desk.answer = () => over.promise;
    await desk.store.add([desk.entry("x", 10)]);
    desk.run();
    for (let reading = 0; reading < 10; reading++) {
      desk.service.setBuckets([1]);
      await desk.clock.advance(3_000);
    }
    expect(desk.times).toEqual([10]);
    over.resolve({ kind: "done" });
    await desk.clock.advance(10_000);
    expect(desk.times).toEqual([10]);
    expect(desk.store.entries.size).toBe(0);
  });

  it("leaves what other silos own, and what lies in other buckets", async () => {
    const desk = new Desk();
    desk.owned = ({ id }) => id !== "theirs";
    await desk.store.add([
      desk.entry("theirs", 10),
      desk.entry("elsewhere", 10, 2),
      desk.entry("mine", 10),
    ]);
    desk.run();
    await desk.clock.advance(20_000);
    expect(desk.ticks.map(({ name }) => name)).toEqual(["mine"]);
    expect(desk.store.entries.size).toBe(2);
  });

  it("ticks what comes with new buckets as soon as the view changes", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("moved", 100, 2)]);
    desk.run();
    await desk.clock.advance(1_000);
    expect(desk.ticks).toEqual([]);
    desk.service.setBuckets([1, 2]);
    await desk.clock.advance(1);
    expect(desk.times).toEqual([1_000]);
  });

  it("tries a tick that threw again after growing pauses, and gives it up after its attempts", async () => {
    const desk = new Desk();
    desk.answer = async () => ({ kind: "threw", attempts: 4, backoffMs: 1_000 });
    await desk.store.add([desk.entry("bad", 10)]);
    desk.run();
    await desk.clock.advance(30_000);
    expect(desk.ticks.map(({ at, attempt }) => [at, attempt])).toEqual([
      [10, 1],
      [1_010, 2],
      [3_010, 3],
      [7_010, 4],
    ]);
    expect(desk.skipped).toEqual(["bad"]);
  });

  it("keeps pauses between attempts to a minute", async () => {
    const desk = new Desk();
    desk.answer = async () => ({ kind: "threw", attempts: 3, backoffMs: 3_600_000 });
    await desk.store.add([desk.entry("bad", 0)]);
    desk.run();
    await desk.clock.advance(200_000);
    expect(desk.times).toEqual([0, 60_000, 120_000]);
  });

  it("tries again each second, without counting, while the actor cannot be reached", async () => {
    const desk = new Desk();
    let failures = 3;
    desk.answer = async () => {
      if (failures-- > 0) throw new TroupeError("SILO_LOST", "gone");
      return { kind: "done" };
    };
    await desk.store.add([desk.entry("x", 0)]);
    desk.run();
    await desk.clock.advance(20_000);
    expect(desk.ticks.map(({ at, attempt }) => [at, attempt])).toEqual([
      [0, 1],
      [1_000, 1],
      [2_000, 1],
      [3_000, 1],
    ]);
  });

  it("tries soon again where the actor's clock is behind", async () => {
    const desk = new Desk();
    let early = 2;
    desk.answer = async () => ({ kind: early-- > 0 ? "early" : "done" });
    await desk.store.add([desk.entry("x", 100)]);
    desk.run();
    await desk.clock.advance(1_000);
    expect(desk.times).toEqual([100, 120, 140]);
  });

  it("goes on by itself when the index was away, and loses nothing", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("x", 1_000)]);
    desk.store.isAway = true;
    desk.run();
    await desk.clock.advance(30_000);
    expect(desk.ticks).toEqual([]);
    desk.store.isAway = false;
    await desk.clock.advance(5_000);
    expect(desk.ticks.map(({ name }) => name)).toEqual(["x"]);
  });

  it("asks again for a tick that is stored but whose entry could not be removed", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("x", 100)]);
    desk.run();
    await desk.clock.advance(10);
    desk.store.isAway = true;
    await desk.clock.advance(10_000);
    desk.store.isAway = false;
    await desk.clock.advance(10_000);
    expect(desk.store.entries.size).toBe(0);
    expect(desk.ticks.length).toBeGreaterThan(1);
  });

  it("has at most 256 ticks under way, and brings a backlog larger than one reading to its end", async () => {
    const desk = new Desk();
    const all = Array.from({ length: 6_000 }, (_, index) => desk.entry(`r${index}`, -1_000));
    await desk.store.add(all);
    let underWay = 0;
    let most = 0;
    desk.answer = async () => {
      most = Math.max(most, ++underWay);
      await new Promise<void>((resolve) => void desk.clock.schedule(10, resolve));
      underWay--;
      return { kind: "done" };
    };
    desk.run();
    await desk.clock.advance(2_000);
    expect(most).toBe(256);
    expect(new Set(desk.ticks.map(({ name }) => name)).size).toBe(6_000);
    expect(desk.store.entries.size).toBe(0);
  });

  it("reads the index twice a horizon, whatever sleeps in it", async () => {
    const desk = new Desk();
    await desk.store.add(
      Array.from({ length: 1_000 }, (_, index) => desk.entry(`r${index}`, 86_400_000)),
    );
    desk.run();
    await desk.clock.advance(60_000);
    expect(desk.store.readings).toBe(13);
    expect(desk.clock.pending).toBe(1);
  });

  it("begins nothing any more once it is stopped", async () => {
    const desk = new Desk();
    desk.answer = async () => ({ kind: "threw", attempts: 5, backoffMs: 100 });
    await desk.store.add([desk.entry("x", 100), desk.entry("y", 2_000)]);
    desk.run();
    await desk.clock.advance(150);
    desk.service.stop();
    desk.service.planned([desk.entry("z", 200)]);
    await desk.clock.advance(20_000);
    expect(desk.ticks.map(({ name }) => name)).toEqual(["x"]);
    expect(desk.clock.pending).toBe(0);
  });

  it("does not tick early when the wall clock is set back", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("x", 1_000)]);
    desk.run();
    await desk.clock.advance(500);
    desk.clock.jumpWall(-10_000);
    await desk.clock.advance(10_000);
    expect(desk.ticks).toEqual([]);
    await desk.clock.advance(500);
    expect(desk.times).toEqual([1_000]);
  });

  it("ticks by the next reading at the latest when the wall clock is set forward", async () => {
    const desk = new Desk();
    await desk.store.add([desk.entry("x", 3_600_000)]);
    desk.run();
    await desk.clock.advance(500);
    desk.clock.jumpWall(3_600_000);
    await desk.clock.advance(5_000);
    expect(desk.ticks.length).toBe(1);
  });

  it("lets three thousand that never get through hold up no other", async () => {
    const desk = new Desk();
    const stuck = Array.from({ length: 3_000 }, (_, index) => desk.entry(`stuck-${index}`, 1_000));
    await desk.store.add([...stuck, desk.entry("sound", 2_000)]);
    desk.answer = async ({ name }) => {
      if (name === "sound") return { kind: "done" };
      throw new TroupeError("ACTIVATION_FAILED", "on purpose");
    };
    desk.run();
    await desk.clock.advance(3_000);
    expect(desk.ticks.filter(({ name }) => name === "sound")).toHaveLength(1);
  });
});
