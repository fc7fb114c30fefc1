import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** Aborted when the calls of a test give up. */
let givesUp = new AbortController();

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async add(amount: number): Promise<number> {
    this.count += amount;
    return this.count;
  }

  @readonly() async read(): Promise<number> {
    return this.count;
  }

  async addAndTell(witness: string): Promise<void> {
    this.count += 1;
    await this.actor(Witness, witness).see(this.count);
  }

  async tell(witness: string): Promise<void> {
    await this.actor(Witness, witness).see(this.count);
  }

  async tellUnless(witness: string): Promise<void> {
    await this.actor(Witness, witness, { signal: givesUp.signal }).see(this.count);
  }
}

/** Keeps what it was told in memory only, as the world outside does. */
@actor("Witness")
class Witness extends Actor {
  readonly #seen: number[] = [];

  async see(count: number): Promise<void> {
    this.#seen.push(count);
  }

  async all(): Promise<number[]> {
    return this.#seen;
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Counter, Witness] });
  onTestFinished(async () => {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

describe("a hot actor", () => {
  it("shares writes between its turns", async () => {
    const cluster = await start();
    const counter = cluster.actor(Counter, "c");
    const results = await cluster.run(
      Promise.all(Array.from({ length: 100 }, () => counter.add(1))),
    );
    expect(results).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(cluster.silos[0]?.stores.commits).toBeLessThan(50);
  });

  it("answers no reader before what it read is stored", async () => {
    const cluster = await start();
    const counter = cluster.actor(Counter, "c");
    await cluster.run(counter.add(1));
    const [silo] = cluster.silos;
    const held = silo?.stores.hold();
    const add = counter.add(1);
    const read = counter.read();
    let answered = 0;
    void add.then(() => answered++);
    void read.then(() => answered++);
    await cluster.advance(500);
    expect(answered).toBe(0);
    held?.release();
    expect(await cluster.run(Promise.all([add, read]))).toEqual([2, 2]);
  });

  it("lets no call out before what earlier turns changed is stored, but does not wait for its own change", async () => {
    const cluster = await start();
    const counter = cluster.actor(Counter, "c");
    const witness = cluster.actor(Witness, "w");
    await cluster.run(counter.add(1));
    await cluster.run(counter.addAndTell("w"));
    const held = cluster.silos[0]?.stores.hold();
    const add = counter.add(1);
    const tell = counter.tell("w");
    await cluster.advance(500);
    expect(await cluster.run(witness.all())).toEqual([2]);
    held?.release();
    await cluster.run(Promise.all([add, tell]));
    expect(await cluster.run(witness.all())).toEqual([2, 3]);
  });

  it("lets no call out that was cancelled while it waited for that", async () => {
    givesUp = new AbortController();
    const cluster = await start();
    const counter = cluster.actor(Counter, "c");
    await cluster.run(counter.add(1));
    const held = cluster.silos[0]?.stores.hold();
    const add = counter.add(1);
    const tell = counter.tellUnless("w");
    await cluster.advance(500);
    givesUp.abort();
    held?.release();
    await expect(cluster.run(tell)).rejects.toMatchObject({ code: "CANCELLED" });
    await cluster.run(add);
    expect(await cluster.run(cluster.actor(Witness, "w").all())).toEqual([]);
  });

  it("is thrown away when a write fails, and so is every reply that was held", async () => {
    const cluster = await start();
    const counter = cluster.actor(Counter, "c");
    const witness = cluster.actor(Witness, "w");
    await cluster.run(counter.add(1));
    const [silo] = cluster.silos;
    if (silo !== undefined) silo.stores.fault = "away";
    const outcomes = await cluster.run(
      Promise.allSettled([counter.add(1), counter.add(1), counter.tell("w")]),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(outcomes[0]).toMatchObject({ reason: { code: "STORE_UNAVAILABLE" } });
    if (silo !== undefined) silo.stores.fault = "up";
    expect(await cluster.run(witness.all())).toEqual([]);
    expect(await cluster.run(counter.read())).toBe(1);
  });
});
