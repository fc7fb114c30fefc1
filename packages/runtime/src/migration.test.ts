import { MemoryStateStore } from "@troupe/memory";
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

  it("is not run over by an older one: that is refused once state of the newer one may be stored", async () => {
    const cluster = await start();
    await replaceBy(cluster, Second);
    await cluster.run(cluster.actor(Second, "o").all());
    const refused = await replaceBy(cluster, First).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "BAD_DEFINITION" });
    expect(String(refused)).toContain(
      "state of Order was stored by version 2, and this silo has version 1",
    );
  });

  it("is not run over by an older one in another membership either, which knows nothing of it", async () => {
    const cluster = await start();
    await replaceBy(cluster, Second);
    await cluster.run(cluster.actor(Second, "o").all());
    const other = await TestCluster.start({ actors: [First] });
    onTestFinished(() => other[Symbol.asyncDispose]());
    const stateStore = new MemoryStateStore(cluster.states);
    const claim = { revision: cluster.client.view.revision + 1_000, siloId: "x" };
    const result = await stateStore.claim({ type: "Order", id: "o" }, claim);
    expect(result.kind).toBe("claimed");
    const fields = result.kind === "claimed" ? result.fields : new Map<string, Uint8Array>();
    const copy = new MemoryStateStore(other.states);
    const claimed = await copy.claim({ type: "Order", id: "o" }, { revision: 1, siloId: "x" });
    const epoch = claimed.kind === "claimed" ? claimed.epoch : 0;
    await copy.commit({ type: "Order", id: "o" }, { epoch, version: 1, set: fields, remove: [] });
    const call = other.actor(First, "o").set("x", 1);
    const error = await other.run(call.catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: "ACTIVATION_FAILED", ran: "no" });
    expect(String(error)).toContain("stored by version 2 of Order");
  });
});
