import { Actor, actor, state, timer, type TimerOptions } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

const DURABLE: TimerOptions = { every: "10s" };
const VOLATILE: TimerOptions = { every: "10s", volatile: true };

/** Whose timer has ticked. Tests run one at a time. */
let beats: string[] = [];

@actor("Metronome", { idleAfter: "1h" })
class Metronome extends Actor {
  @state() accessor starts = 0;

  async start(options: TimerOptions): Promise<void> {
    await this.timers.set("beat", options);
  }

  async countAndStart(options: TimerOptions): Promise<void> {
    this.starts++;
    await this.timers.set("beat", options);
  }

  async startAndThrow(options: TimerOptions): Promise<void> {
    await this.timers.set("beat", options);
    throw new RangeError("on purpose");
  }

  async stop(): Promise<void> {
    await this.timers.delete("beat");
  }

  async leave(): Promise<void> {
    this.deactivate();
  }

  @timer("beat") beat(): void {
    beats.push(this.id);
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Metronome] });
  beats = [];
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

describe("a volatile timer", () => {
  it("starts though its turn changes something durable, too", async () => {
    const cluster = await start();
    await cluster.run(cluster.actor(Metronome, "a").countAndStart(VOLATILE));
    await cluster.advance(15_000);
    expect(beats).toEqual(["a"]);
  });

  it("in the place of a durable one, or only nearly there, leaves nothing that comes back after it was deleted", async () => {
    const cluster = await start();
    const replaced = cluster.actor(Metronome, "replaced");
    const nearly = cluster.actor(Metronome, "nearly");
    await cluster.run(replaced.start(DURABLE));
    await cluster.run(nearly.start(DURABLE));
    await cluster.run(replaced.start(VOLATILE));
    await expect(cluster.run(nearly.startAndThrow(VOLATILE))).rejects.toBeInstanceOf(RangeError);
    for (const metronome of [replaced, nearly]) {
      await cluster.run(metronome.stop());
      await cluster.run(metronome.leave());
      await cluster.run(metronome.stop());
    }
    await cluster.advance(30_000);
    expect(beats).toEqual([]);
  });

  it("goes with its activation, and so does the durable one that it replaced", async () => {
    const cluster = await start();
    const metronome = cluster.actor(Metronome, "a");
    await cluster.run(metronome.start(DURABLE));
    await cluster.run(metronome.start(VOLATILE));
    await cluster.run(metronome.leave());
    await cluster.run(metronome.leave());
    await cluster.advance(30_000);
    expect(beats).toEqual([]);
  });
});
