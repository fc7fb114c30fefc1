import { Actor, actor, state, timer, type TimerOptions, type TimerTick } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** The ticks of one test, and when each began since its start. Tests run one at a time. */
let ticks: (Pick<TimerTick, "data" | "missed"> & { readonly at: number })[] = [];
let start = 0;

@actor("Clock", { idleAfter: "1m" })
class Clock extends Actor {
  @state() accessor looks = 0;
  #isBroken = false;

  async set(options: TimerOptions): Promise<void> {
    await this.timers.set("beat", options);
  }

  async cancel(): Promise<boolean> {
    return await this.timers.delete("beat");
  }

  async count(): Promise<number> {
    return this.looks;
  }

  async breakDown(): Promise<void> {
    this.#isBroken = true;
  }

  async leave(): Promise<void> {
    this.deactivate();
  }

  @timer("beat") beat({ data, missed, firedAt }: TimerTick): void {
    ticks.push({ data, missed, at: firedAt - start });
    if (this.#isBroken) throw new RangeError("on purpose");
  }
}

async function startCluster(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Clock], silos });
  // The last silo's actors are its own when the others have released them.
  await cluster.advance(100);
  ticks = [];
  start = cluster.clock.now();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

/** When ticks began. */
function times(): number[] {
  return ticks.map(({ at }) => at);
}

describe("a timer", () => {
  it("ticks while its actor is active, and comes back with it", async () => {
    const cluster = await startCluster();
    const clock = cluster.actor(Clock, "a");
    await cluster.run(clock.set({ every: "10s", data: "x" }));
    await cluster.advance(25_000);
    expect(times()).toEqual([10_000, 20_000]);
    await cluster.run(clock.leave());
    await cluster.advance(100_000);
    expect(times()).toEqual([10_000, 20_000]);
    await cluster.run(clock.count());
    await cluster.advance(10);
    expect(ticks.length).toBe(3);
    expect(ticks[2]).toMatchObject({ missed: 9, data: "x" });
  });

  it("that is volatile ends with the activation", async () => {
    const cluster = await startCluster();
    const clock = cluster.actor(Clock, "a");
    await cluster.run(clock.set({ every: "10s", volatile: true }));
    await cluster.advance(15_000);
    await cluster.run(clock.leave());
    await cluster.run(clock.count());
    await cluster.advance(30_000);
    expect(times()).toEqual([10_000]);
  });

  it("follows its actor to the silo that takes over", async () => {
    const cluster = await startCluster(2);
    const clock = cluster.actor(Clock, "a");
    await cluster.run(clock.set({ every: "10s" }));
    const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
    owner?.kill();
    await cluster.advance(100);
    await cluster.run(clock.count());
    await cluster.advance(10_500);
    expect(ticks.length).toBeGreaterThan(0);
  });

  it("that throws moves on, and one that is deleted stops", async () => {
    const cluster = await startCluster();
    const clock = cluster.actor(Clock, "a");
    await cluster.run(clock.breakDown());
    await cluster.run(clock.set({ every: "10s" }));
    await cluster.advance(35_000);
    expect(times()).toEqual([10_000, 20_000, 30_000]);
    expect(await cluster.run(clock.cancel())).toBe(true);
    await cluster.advance(60_000);
    expect(ticks.length).toBe(3);
  });
});
