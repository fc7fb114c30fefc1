import type { Duration } from "@troupe/core";
import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { publish } from "./publish.ts";
import { subscribe } from "./subscribe.ts";
import { attempts, Buyer, Order, type Payment, payments } from "./testing/shop.ts";
import { type TopicAccess, topicsOf } from "./topic-access.ts";
import { topic } from "./topic.ts";
import type { TopicEvent } from "./topic-event.ts";
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

describe("a publish of an actor", () => {
  it("is handled once by the actor that subscribes", async () => {
    const { cluster } = await startShop();
    await cluster.run(cluster.actor(Buyer, "b").pay({ orderId: "o", amount: 5 }));
    expect(await paymentsOf(cluster, "o", 1)).toEqual([5]);
    await cluster.advance(60_000);
    expect(await paymentsOf(cluster, "o", 1)).toEqual([5]);
  });

  it("leaves with its turn only: a turn that throws publishes nothing", async () => {
    const { cluster } = await startShop();
    const buyer = cluster.actor(Buyer, "b");
    await expect(cluster.run(buyer.payAndThrow({ orderId: "o", amount: 5 }))).rejects.toThrow(
      "not today",
    );
    await cluster.run(buyer.pay({ orderId: "o", amount: 6 }));
    expect(await paymentsOf(cluster, "o", 1)).toEqual([6]);
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Order, "o").read())).toEqual([6]);
  });

  it("keeps the order of its key", async () => {
    const { cluster } = await startShop(2);
    const buyer = cluster.actor(Buyer, "b");
    const amounts = Array.from({ length: 40 }, (_, index) => index);
    await cluster.run(
      Promise.all(amounts.map((amount) => buyer.pay({ orderId: `o${amount % 3}`, amount }))),
    );
    for (const rest of [0, 1, 2]) {
      const own = amounts.filter((amount) => amount % 3 === rest);
      expect(await paymentsOf(cluster, `o${rest}`, own.length)).toEqual(own);
    }
  });

  it("carries the trace of its turn into the turns that handle it", async () => {
    const traces: (string | undefined)[] = [];
    @actor("Tracer")
    class Tracer extends Actor {
      @subscribe(payments, { id: () => "t" })
      async onPayment(event: TopicEvent<Payment>): Promise<void> {
        traces.push(event.traceparent, this.context.headers.traceparent);
      }
    }
    const { cluster } = await startShop(0);
    await cluster.startSilo({ actors: [Buyer, Tracer], extensions: [topics()] });
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const buyer = cluster.actor(Buyer, "b", { headers: { traceparent } });
    await cluster.run(buyer.pay({ orderId: "o", amount: 1 }));
    await cluster.advance(2_000);
    expect(traces).toEqual([traceparent, traceparent]);
  });

  it("is handed to nobody when its time is over", async () => {
    const { cluster, access } = await startShop(0);
    await cluster.startSilo({ extensions: [topics()] });
    const [silo] = cluster.silos;
    await cluster.startSilo({ actors: [Buyer], extensions: [topics()] });
    if (silo !== undefined) await cluster.stopSilo(silo);
    const pay = (amount: number, ttl: Duration): Promise<string> =>
      cluster.run(access.publish(payments, { orderId: "o", amount }, { key: "o", ttl }));
    await pay(1, "30s");
    await pay(2, "1h");
    await cluster.advance(60_000);
    await cluster.startSilo({ extensions: [topics()] });
    expect(await paymentsOf(cluster, "o", 1)).toEqual([2]);
  });

  it("is refused in a readonly turn, and if an option is wrong", async () => {
    const { cluster } = await startShop();
    const buyer = cluster.actor(Buyer, "b");
    await expect(cluster.run(buyer.look())).rejects.toMatchObject({ code: "READONLY_WRITE" });
    await expect(
      cluster.run(buyer.pay({ orderId: "o", amount: 5 }, { key: "" })),
    ).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect(await cluster.run(buyer.read())).toBe(0);
  });
});

describe("a publish of a client", () => {
  it("resolves when it is stored, and stores one event of each id", async () => {
    const { cluster, access } = await startShop();
    const payment = { orderId: "o", amount: 5 };
    expect(await cluster.run(access.publish(payments, payment, { id: "p1", key: "o" }))).toBe("p1");
    await cluster.run(access.publish(payments, payment, { id: "p1", key: "o" }));
    await cluster.run(access.publish(payments, { ...payment, amount: 6 }, { key: "o" }));
    expect(await paymentsOf(cluster, "o", 2)).toEqual([5, 6]);
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Order, "o").read())).toEqual([5, 6]);
  });

  it("does not reach a silo that has no topics", async () => {
    const { cluster, access } = await startShop(0);
    await cluster.startSilo();
    await expect(
      cluster.run(access.publish(payments, { orderId: "o", amount: 5 })),
    ).rejects.toMatchObject({ code: "NO_SUCH_ACTOR_TYPE" });
    await expect(
      cluster.run(cluster.actor(Buyer, "b").pay({ orderId: "o", amount: 5 })),
    ).rejects.toMatchObject({ code: "BAD_CONFIG" });
  });
});

describe("an event that fails", () => {
  it("comes again, and holds back its key and no other", async () => {
    const { cluster, access } = await startShop();
    const pay = (orderId: string, amount: number, fails = 0): Promise<string> =>
      access.publish(payments, { orderId, amount, fails }, { key: orderId });
    await cluster.run(pay("a", 1, 2));
    await cluster.run(pay("a", 2));
    for (let amount = 10; amount < 20; amount++) await cluster.run(pay(`b${amount}`, amount));
    for (let amount = 10; amount < 20; amount++)
      expect(await paymentsOf(cluster, `b${amount}`, 1)).toEqual([amount]);
    expect(await cluster.run(cluster.actor(Order, "a").read())).toEqual([]);
    expect(attempts.get(2)).toBeUndefined();
    expect(await paymentsOf(cluster, "a", 2)).toEqual([1, 2]);
    expect(attempts.get(1)).toBe(3);
  });

  it("goes to the dead events after its attempts, and its key goes on", async () => {
    const { cluster, access } = await startShop();
    const dead = access.operate(payments).deadEvents(Order, "Order.onPayment");
    expect(await cluster.run(dead.list())).toEqual([]);
    await cluster.run(
      access.publish(payments, { orderId: "a", amount: 1, fails: 5 }, { key: "a" }),
    );
    await cluster.run(access.publish(payments, { orderId: "a", amount: 2 }, { key: "a" }));
    expect(await paymentsOf(cluster, "a", 1)).toEqual([2]);
    await cluster.advance(600_000);
    expect(attempts.get(1)).toBe(3);
    const found = await cluster.run(dead.list());
    expect(found).toMatchObject([
      {
        id: "a",
        event: { partitionkey: "a", data: { orderId: "a", amount: 1 } },
        reasons: [1, 2, 3].map((time) => `no 1, for the ${time}th time`),
      },
    ]);
  });

  it("can be sent again from the dead events, until it is handled, or dropped", async () => {
    const { cluster, access } = await startShop();
    const dead = access.operate(payments).deadEvents("Order", "Order.onPayment");
    await cluster.run(access.publish(payments, { orderId: "a", amount: 1, fails: 4 }));
    await cluster.run(access.publish(payments, { orderId: "b", amount: 2, fails: 9 }));
    await cluster.advance(60_000);
    const [one, other] = (await cluster.run(dead.list())).toSorted((a, b) =>
      String(a.id) < String(b.id) ? -1 : 1,
    );
    if (one === undefined || other === undefined) throw new Error("both events are dead");
    expect(await cluster.run(dead.resend(one))).toBe(true);
    await cluster.advance(10_000);
    const again = (await cluster.run(dead.list())).find(({ id }) => id === "a");
    expect(again?.reasons).toHaveLength(4);
    expect(await cluster.run(dead.resend(one))).toBe(true);
    expect(await paymentsOf(cluster, "a", 1)).toEqual([1]);
    await cluster.advance(10_000);
    expect(await cluster.run(dead.drop(other))).toBe(true);
    expect(await cluster.run(dead.drop(other))).toBe(false);
    expect(await cluster.run(dead.resend(other))).toBe(false);
    expect(await cluster.run(dead.list())).toEqual([]);
  });

  it("is dead at once if no actor can be found for it", async () => {
    const { cluster, access } = await startShop();
    await cluster.run(access.publish(payments, { orderId: "", amount: 1 }));
    await cluster.advance(10_000);
    const dead = access.operate(payments).deadEvents(Order, "Order.onPayment");
    const [found] = await cluster.run(dead.list());
    expect(found).toMatchObject({ id: undefined });
    expect(found?.reasons[0]).toMatch(/no actor could be found for it: .*BAD_ACTOR_ID/);
  });
});

describe("a group", () => {
  it("begins where it was told to, and goes on where it was", async () => {
    const { cluster, access } = await startShop();
    @actor("Audit")
    class Audit extends Actor {
      @state() accessor seen: string[] = [];

      @subscribe(payments, { id: () => "all", group: "late" })
      async onLater({ data }: TopicEvent<Payment>): Promise<void> {
        this.seen.push(`late ${data.amount}`);
      }

      @subscribe(payments, {
        id: () => "all",
        from: "earliest",
        when: ({ data }) => data.amount > 1,
      })
      async onAny({ data }: TopicEvent<Payment>): Promise<void> {
        this.seen.push(`any ${data.amount}`);
      }

      async read(): Promise<readonly string[]> {
        return this.seen;
      }
    }
    const pay = (amount: number): Promise<string> =>
      cluster.run(access.publish(payments, { orderId: "o", amount }, { key: "o" }));
    for (const amount of [1, 2, 3]) await pay(amount);
    await paymentsOf(cluster, "o", 3);
    await cluster.startSilo({ actors: [Order, Buyer, Audit], extensions: [topics()] });
    await pay(4);
    await cluster.advance(5_000);
    const seen = [...(await cluster.run(cluster.actor(Audit, "all").read()))];
    expect(seen.toSorted()).toEqual(["any 2", "any 3", "any 4", "late 4"]);
    await cluster.startSilo({ actors: [Order, Buyer, Audit], extensions: [topics()] });
    await pay(5);
    await cluster.advance(5_000);
    expect(await cluster.run(cluster.actor(Audit, "all").read())).toHaveLength(6);
    expect(await cluster.run(access.operate(payments).lag())).toEqual(
      ["Order.onPayment", "late", "Audit.onAny"].map((group) => ({ group, events: 0 })),
    );
  });

  it("is handled though partitions live on silos that do not host its type", async () => {
    const { cluster, access } = await startShop();
    for (let count = 0; count < 3; count++)
      await cluster.startSilo({ actors: [Buyer], extensions: [topics()] });
    for (let amount = 0; amount < 20; amount++)
      await cluster.run(access.publish(payments, { orderId: `o${amount}`, amount }));
    for (let amount = 0; amount < 20; amount++)
      expect(await paymentsOf(cluster, `o${amount}`, 1)).toEqual([amount]);
  });

  it("waits for a silo that hosts its type, and loses nothing", async () => {
    const { cluster, access } = await startShop();
    const [first] = cluster.silos;
    await cluster.startSilo({ actors: [Buyer], extensions: [topics()] });
    if (first !== undefined) await cluster.stopSilo(first);
    for (let amount = 0; amount < 5; amount++)
      await cluster.run(access.publish(payments, { orderId: `o${amount}`, amount }));
    await cluster.advance(600_000);
    expect(await cluster.run(access.operate(payments).lag())).toEqual([
      { group: "Order.onPayment", events: 5 },
    ]);
    await cluster.startSilo({ extensions: [topics()] });
    for (let amount = 0; amount < 5; amount++)
      expect(await paymentsOf(cluster, `o${amount}`, 1)).toEqual([amount]);
  });

  it("can be dropped by an operator", async () => {
    const { cluster, access } = await startShop();
    const operations = access.operate(payments);
    await cluster.run(access.publish(payments, { orderId: "o", amount: 1 }));
    await paymentsOf(cluster, "o", 1);
    expect(await cluster.run(operations.dropGroup("Order.onPayment"))).toBe(true);
    expect(await cluster.run(operations.dropGroup("Order.onPayment"))).toBe(false);
    expect(await cluster.run(operations.lag())).toEqual([]);
    await cluster.run(access.publish(payments, { orderId: "o", amount: 2 }));
    await cluster.advance(60_000);
    expect(await cluster.run(cluster.actor(Order, "o").read())).toEqual([1]);
    await cluster.startSilo({ extensions: [topics()] });
    await cluster.run(access.publish(payments, { orderId: "o", amount: 3 }));
    expect(await paymentsOf(cluster, "o", 2)).toEqual([1, 3]);
  });

  it("has a name of its own within its type and topic", async () => {
    @actor("Twice")
    class Twice extends Actor {
      @subscribe(payments, { group: "g" })
      async one(): Promise<void> {}

      @subscribe(payments, { group: "g" })
      async other(): Promise<void> {}
    }
    const { cluster } = await startShop();
    const starting = cluster.startSilo({ actors: [Twice], extensions: [topics()] });
    await expect(starting).rejects.toThrow(/BAD_DEFINITION.*Twice subscribes twice to payments/);
    expect(() => topics({ topics: [5 as never] })).toThrow(/BAD_CONFIG.*5 is no topic/);
  });
});

describe("a slow subscriber", () => {
  it("holds events in the topic, which takes no more when it is full, and nothing is lost", async () => {
    const small = topic<Payment>("small", { partitions: 1, retention: { bytes: 65_536 } });
    let isStuck = true;
    const seen: number[] = [];
    @actor("Slow")
    class Slow extends Actor {
      @subscribe(small, { id: () => "s", retry: { attempts: 100, backoff: "1s" } })
      async onEvent({ data }: TopicEvent<Payment>): Promise<void> {
        if (isStuck) throw new RangeError("stuck");
        seen.push(data.amount);
      }
    }
    @actor("Source")
    class Source extends Actor {
      @state() accessor count = 0;

      async fill(): Promise<void> {
        for (let times = 0; times < 100; times++) {
          const orderId = "x".repeat(1_000);
          publish(this, small, { orderId, amount: this.count++ }, { key: "k" });
        }
      }
    }
    const cluster = (await startShop(0)).cluster;
    await cluster.startSilo({ actors: [Slow, Source], extensions: [topics()] });
    const source = cluster.actor(Source, "s");
    for (let times = 0; times < 3; times++) await cluster.run(source.fill());
    await cluster.advance(120_000);
    const access = topicsOf(cluster.client, { clock: cluster.clock });
    const operations = access.operate(small);
    expect(await cluster.run(operations.bytes())).toBeLessThanOrEqual(65_536);
    await expect(
      cluster.run(access.publish(small, { orderId: "x".repeat(1_000), amount: -1 })),
    ).rejects.toMatchObject({ code: "OVERLOADED" });
    expect(await cluster.run(cluster.client.deadLetters(Source, "s").list())).toEqual([]);
    isStuck = false;
    await cluster.advance(1_200_000);
    expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(await cluster.run(operations.lag())).toEqual([{ group: "Slow.onEvent", events: 0 }]);
  });
});
