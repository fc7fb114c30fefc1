import { Actor, defineActor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

class First extends Actor {
  name = "";
  amount = 0;

  async set(name: string, amount: number): Promise<void> {
    this.name = name;
    this.amount = amount;
  }
}
defineActor(First, { name: "Order", state: ["name", "amount"] });

class Second extends Actor {
  title = "none";
  amount = 0;
  currency = "EUR";

  async all(): Promise<{ title: string; amount: number; currency: string }> {
    return { title: this.title, amount: this.amount, currency: this.currency };
  }

  async setAmount(amount: number): Promise<void> {
    this.amount = amount;
  }
}
let migrations = 0;
defineActor(Second, {
  name: "Order",
  state: ["title", "amount", "currency"],
  version: 2,
  migrate: (state, from) => {
    migrations++;
    return { title: `${String(state.name)} (from ${from})`, amount: Number(state.amount) * 100 };
  },
});

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [First] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.run(cluster.actor(First, "o").set("tea", 5));
  return cluster;
}

async function replaceBy(
  cluster: TestCluster,
  actorClass: typeof First | typeof Second,
): Promise<void> {
  for (const silo of Array.from(cluster.silos)) await cluster.stopSilo(silo);
  await cluster.startSilo({ actors: [actorClass] });
}

describe("a newer version of an actor", () => {
  it("upgrades what an older one stored, once, and gives new slots their first value", async () => {
    const cluster = await start();
    migrations = 0;
    await replaceBy(cluster, Second);
    const order = cluster.actor(Second, "o");
    expect(await cluster.run(order.all())).toEqual({
      title: "tea (from 1)",
      amount: 500,
      currency: "EUR",
    });
    await cluster.run(order.setAmount(7));
    await replaceBy(cluster, Second);
    expect(await cluster.run(order.all())).toEqual({
      title: "tea (from 1)",
      amount: 7,
      currency: "EUR",
    });
    expect(migrations).toBe(1);
  });

  it("does not migrate what was never stored", async () => {
    const cluster = await start();
    migrations = 0;
    await replaceBy(cluster, Second);
    expect(await cluster.run(cluster.actor(Second, "new").all())).toEqual({
      title: "none",
      amount: 0,
      currency: "EUR",
    });
    expect(migrations).toBe(0);
  });

  it("is not run over by an older one", async () => {
    const cluster = await start();
    await replaceBy(cluster, Second);
    await cluster.run(cluster.actor(Second, "o").all());
    await replaceBy(cluster, First);
    const error = await cluster.run(
      cluster
        .actor(First, "o")
        .set("x", 1)
        .catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({ code: "ACTIVATION_FAILED", ran: "no" });
    expect(String(error)).toContain("stored by version 2 of Order");
  });
});
