import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { attempts, Buyer, Order, payments } from "./testing/shop.ts";
import { type TopicAccess, topicsOf } from "./topic-access.ts";
import { topics } from "./topics.ts";

/** A cluster with the actors of a shop, and its topics for the client. */
async function startShop(
  silos = 1,
): Promise<{ readonly cluster: TestCluster; readonly access: TopicAccess }> {
  attempts.clear();
  const cluster = await TestCluster.start({ actors: [Order, Buyer], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let count = 0; count < silos; count++) await cluster.startSilo({ extensions: [topics()] });
  return { cluster, access: topicsOf(cluster.client, { clock: cluster.clock }) };
}

/** Lets time pass until the order has got this many payments, and gives them. */
async function paymentsOf(
  cluster: TestCluster,
  id: string,
  count: number,
): Promise<readonly number[]> {
  for (let times = 0; times < 2_000; times++) {
    const amounts = await cluster.run(cluster.actor(Order, id).read());
    if (amounts.length >= count) return amounts;
    await cluster.advance(50);
  }
  throw new Error(`${id} did not get ${count} payments`);
}

describe("an event with a time", () => {
  it("is handled at that time, through the death of every silo, and does not hold back others", async () => {
    const { cluster, access } = await startShop();
    const buyer = cluster.actor(Buyer, "b");
    const deliverAt = cluster.clock.now() + 600_000;
    await cluster.run(buyer.pay({ orderId: "o", amount: 1 }, { key: "o", deliverAt }));
    const date = new Date(deliverAt + 1_000);
    await cluster.run(
      access.publish(payments, { orderId: "o", amount: 2 }, { key: "o", deliverAt: date }),
    );
    await cluster.run(access.publish(payments, { orderId: "o", amount: 3 }, { key: "o" }));
    expect(await paymentsOf(cluster, "o", 1)).toEqual([3]);
    const [silo] = cluster.silos;
    await cluster.startSilo({ extensions: [topics()] });
    silo?.kill();
    await cluster.advance(500_000);
    expect(await cluster.run(cluster.actor(Order, "o").read())).toEqual([3]);
    await cluster.advance(120_000);
    expect(await paymentsOf(cluster, "o", 3)).toEqual([3, 1, 2]);
  });

  it("is stored once though it is published twice, and lives for its ttl from then on", async () => {
    const { cluster, access } = await startShop();
    const deliverAt = cluster.clock.now() + 60_000;
    const options = { key: "o", id: "once", deliverAt, ttl: "30s" } as const;
    for (const amount of [1, 2])
      await cluster.run(access.publish(payments, { orderId: "o", amount }, options));
    await cluster.advance(70_000);
    expect(await paymentsOf(cluster, "o", 1)).toEqual([1]);
    await cluster.run(access.publish(payments, { orderId: "o", amount: 3 }, options));
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Order, "o").read())).toEqual([1]);
  });

  it.each([Number.NaN, -1, "soon", new Date(Number.NaN), 1e15])(
    "is BAD_INPUT if that is %s",
    async (deliverAt) => {
      const { cluster, access } = await startShop();
      const publishing = access.publish(
        payments,
        { orderId: "o", amount: 1 },
        { deliverAt: deliverAt as number },
      );
      await expect(cluster.run(publishing)).rejects.toThrow(/BAD_INPUT.*deliverAt must be a Date/);
    },
  );
});

describe("a topic that is published to by its name", () => {
  it("is the one that a type of the silo subscribes to", async () => {
    const { cluster } = await startShop();
    const buyer = cluster.actor(Buyer, "b");
    await cluster.run(buyer.payByName("payments", { orderId: "o", amount: 7 }));
    expect(await paymentsOf(cluster, "o", 1)).toEqual([7]);
  });

  it("is BAD_INPUT if the silo does not know it, with the names that it knows", async () => {
    const { cluster } = await startShop();
    const paying = cluster.actor(Buyer, "b").payByName("paiments", { orderId: "o", amount: 7 });
    await expect(cluster.run(paying)).rejects.toThrow(
      /BAD_INPUT.*there is no topic paiments by its name; this silo has payments/,
    );
  });
});
