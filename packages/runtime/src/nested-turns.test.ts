import { sleep } from "@troupe/core";
import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** The clock of the test that runs. */
let { clock }: Pick<TestCluster, "clock"> = {} as TestCluster;

@actor("Pair")
class Pair extends Actor {
  @state() accessor left = 10;
  @state() accessor right = 0;

  /** Waits for less than the turn takes that is a part of this one. */
  async moveThrough(relay: string, catches: boolean): Promise<void> {
    try {
      await this.actor(Relay, relay, { timeout: "1s" }).move(this.id);
    } catch (error) {
      if (!catches) throw error;
    }
  }

  async move(): Promise<void> {
    this.left -= 5;
    await sleep(clock, 2_000);
    this.right += 5;
  }

  async fail(): Promise<void> {
    this.left = 0;
    throw new RangeError("on purpose");
  }

  async read(): Promise<number[]> {
    return [this.left, this.right];
  }
}

@actor("Relay")
class Relay extends Actor {
  async move(id: string): Promise<void> {
    await this.actor(Pair, id).move();
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Pair, Relay] });
  ({ clock } = cluster);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

describe("a nested turn that outlasts the wait for it", () => {
  it("is rolled back whole with the turn that it is a part of", async () => {
    const cluster = await start();
    const pair = cluster.actor(Pair, "p");
    await expect(cluster.run(pair.moveThrough("r", false))).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    await cluster.advance(5_000);
    expect(await cluster.run(pair.read())).toEqual([10, 0]);
  });

  it("is stored whole with it, whatever becomes of later turns", async () => {
    const cluster = await start();
    const pair = cluster.actor(Pair, "p");
    const moved = pair.moveThrough("r", true);
    await cluster.advance(1_500);
    expect(cluster.silos[0]?.stores.commits).toBe(0);
    await expect(cluster.run(pair.fail())).rejects.toBeInstanceOf(RangeError);
    await cluster.run(moved);
    expect(await cluster.run(pair.read())).toEqual([5, 5]);
    expect(cluster.silos[0]?.stores.commits).toBe(1);
  });
});
