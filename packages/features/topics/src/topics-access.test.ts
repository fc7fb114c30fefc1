import { ADMIN_LINK } from "@troupe/client";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";
import type { AccessRule } from "troupe";
import { Buyer, Order, payments } from "./testing/shop.ts";
import { topicsOf, type TopicAccess, type TopicCluster } from "./topic-access.ts";
import { topics } from "./topics.ts";

interface World {
  readonly cluster: TestCluster;
  /** A client that is no operator. */
  readonly client: TopicCluster;
  readonly access: TopicAccess;
}

async function start(rules?: readonly AccessRule[]): Promise<World> {
  const cluster = await TestCluster.start({ actors: [Order, Buyer], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const access = rules === undefined ? {} : { access: rules };
  await cluster.startSilo({ extensions: [topics()], ...access });
  const client = await cluster.run(cluster.connect({ role: "client" }));
  onTestFinished(() => client.close());
  return { cluster, client, access: topicsOf(client, { clock: cluster.clock }) };
}

const FORBIDDEN = { code: "FORBIDDEN" };

it("lets a client publish and read, and leaves the rest to operators and silos", async () => {
  const { cluster, client, access } = await start();
  await cluster.run(access.publish(payments, { orderId: "o", amount: 5 }, { key: "o", id: "p" }));
  const reading = access.subscribe(payments, { group: "g", from: "earliest" });
  const reader = reading[Symbol.asyncIterator]();
  expect((await cluster.run(reader.next())).value).toMatchObject({ id: "p" });
  await cluster.run(Promise.resolve(reader.return?.()));
  const operations = access.operate(payments);
  await expect(cluster.run(operations.lag())).rejects.toMatchObject(FORBIDDEN);
  await expect(cluster.run(operations.dropGroup("g"))).rejects.toMatchObject(FORBIDDEN);
  const link = client[ADMIN_LINK];
  const order = { type: "Order", id: "o" };
  const forged = { id: "x", source: "/Buyer/b", type: "t", at: 0, data: new Uint8Array(1) };
  await expect(
    cluster.run(link.askActor(order, "$topicEvents", ["Order.onPayment", [{ event: forged }]])),
  ).rejects.toMatchObject(FORBIDDEN);
  const partition = { type: "troupe.topic", id: "payments/0" };
  await expect(
    cluster.run(link.askActor(partition, "$topicPublish", [forged])),
  ).rejects.toMatchObject(FORBIDDEN);
  const method = client.actor("troupe.subscriber.Order", "payments/0/g").anything?.();
  await expect(cluster.run(method ?? Promise.resolve())).rejects.toMatchObject(FORBIDDEN);
});

it("holds to the rules of access", async () => {
  const rule = { caller: "*", types: ["troupe.topic"], methods: ["publish"] };
  const { cluster, access } = await start([rule]);
  await cluster.run(access.publish(payments, { orderId: "o", amount: 5 }, { key: "o" }));
  const reader = access.subscribe(payments, { group: "g" })[Symbol.asyncIterator]();
  await expect(cluster.run(reader.next())).rejects.toMatchObject(FORBIDDEN);
});

it("does not let a program that gives itself out for an actor keep its events away", async () => {
  const { cluster, client } = await start();
  const buyer = cluster.actor(Buyer, "b");
  const forger = topicsOf(client, { clock: cluster.clock, source: "/Buyer/b" });
  const options = { id: "guessed", key: "o" };
  await cluster.run(forger.publish(payments, { orderId: "o", amount: 1 }, options));
  await cluster.run(buyer.pay({ orderId: "o", amount: 2 }, options));
  await cluster.advance(5_000);
  expect(await cluster.run(cluster.actor(Order, "o").read())).toEqual([1, 2]);
});
