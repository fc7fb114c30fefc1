import { sleep } from "@troupe/core";
import type { DurablePart, Extension, SiloHost, SystemTurn } from "@troupe/sdk";
import { seededRandom, TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { attempts, Buyer, Order, payments } from "./testing/shop.ts";
import { topicsOf } from "./topic-access.ts";
import { topics } from "./topics.ts";

const BUYERS = 5;
const PAYMENTS = 12;

type Chance = ReturnType<typeof seededRandom>;

async function start(silos: number, seed: number): Promise<TestCluster> {
  attempts.clear();
  const cluster = await TestCluster.start({ actors: [Order, Buyer], silos: 0, seed });
  onTestFinished(async () => {
    heal(cluster);
    await cluster[Symbol.asyncDispose]();
  });
  for (let count = 0; count < silos; count++) await cluster.startSilo({ extensions: [topics()] });
  return cluster;
}

function heal(cluster: TestCluster): void {
  for (const { stores } of cluster.silos) stores.fault = "up";
}

/** Whatever happens, calls `work` until it does not fail any more. */
async function untilDone(cluster: TestCluster, work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      await work();
      return;
    } catch {
      await sleep(cluster.clock, 100);
    }
  }
  throw new Error("it did not succeed in 500 tries");
}

/** One buyer publishes by turns, another client directly; each to an order of its own. */
async function buy(cluster: TestCluster, buyer: number, chance: Chance): Promise<void> {
  const access = topicsOf(cluster.client, { clock: cluster.clock, source: `/shop/${buyer}` });
  for (let amount = 0; amount < PAYMENTS; amount++) {
    const payment = { orderId: `o${buyer}`, amount: buyer * 1_000 + amount };
    const id = `p${payment.amount}`;
    await untilDone(cluster, () =>
      buyer % 2 === 0
        ? cluster.actor(Buyer, `b${buyer}`, { idempotencyKey: id, timeout: "3s" }).pay(payment)
        : access.publish(payments, payment, { key: payment.orderId, id }),
    );
    await sleep(cluster.clock, chance.next() * 300);
  }
}

/** Kills silos, starts others, and breaks their stores for a while, until it is told to end. */
async function havoc(cluster: TestCluster, chance: Chance, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await sleep(cluster.clock, 100 + chance.next() * 900);
    const victim = cluster.silos[Math.floor(chance.next() * cluster.silos.length)];
    const what = chance.next();
    if (victim === undefined) continue;
    if (what < 0.4 && cluster.silos.length > 1) {
      victim.kill();
      await cluster.joinSilo({ extensions: [topics()] });
    } else {
      victim.stores.fault = what < 0.7 ? "deaf" : "away";
      await sleep(cluster.clock, 200);
      victim.stores.fault = "up";
    }
  }
}

async function settle(cluster: TestCluster): Promise<void> {
  const operations = topicsOf(cluster.client, { clock: cluster.clock }).operate(payments);
  for (let times = 0; times < 300; times++) {
    await cluster.advance(1_000);
    const lag = await cluster.run(operations.lag());
    if (lag.length === 1 && lag.every(({ events }) => events === 0)) return;
  }
  throw new Error("the topic did not come to rest");
}

async function ordersOf(cluster: TestCluster): Promise<(readonly number[])[]> {
  const orders = Array.from({ length: BUYERS }, (_, buyer) => cluster.actor(Order, `o${buyer}`));
  return await cluster.run(Promise.all(orders.map((order) => order.read())));
}

const EXPECTED = Array.from({ length: BUYERS }, (_, buyer) =>
  Array.from({ length: PAYMENTS }, (_one, amount) => buyer * 1_000 + amount),
);

describe("events, while silos die and stores fail", () => {
  it.each([1, 2, 3, 4, 5, 6])(
    "take effect once, in the order of their keys, and none is lost (seed %i)",
    async (seed) => {
      const cluster = await start(3, seed);
      const chance = seededRandom(seed);
      let isOver = false;
      const damage = havoc(cluster, chance, () => isOver);
      const buyers = Array.from({ length: BUYERS }, (_, buyer) => buy(cluster, buyer, chance));
      await cluster.run(Promise.all(buyers), 600_000);
      isOver = true;
      await cluster.run(damage, 600_000);
      heal(cluster);
      await settle(cluster);
      expect(await ordersOf(cluster)).toEqual(EXPECTED);
    },
  );
});

describe("a silo that dies", () => {
  it("in the middle of a delivery leaves it to the next owner", async () => {
    const cluster = await start(1, 1);
    const [first] = cluster.silos;
    const buyer = cluster.actor(Buyer, "b");
    for (let amount = 0; amount < 30; amount++)
      await cluster.run(buyer.pay({ orderId: "o0", amount, fails: amount === 4 ? 2 : 0 }));
    // The first ones are handled, others are under way, one fails, the rest wait.
    await cluster.waitUntil(() => (attempts.get(4) ?? 0) === 1);
    first?.kill();
    await cluster.startSilo({ extensions: [topics()] });
    await settle(cluster);
    const amounts = await cluster.run(cluster.actor(Order, "o0").read());
    expect(amounts).toEqual(Array.from({ length: 30 }, (_, amount) => amount));
  });

  it("while nobody else is there leaves events that are handled when somebody comes", async () => {
    const cluster = await start(1, 1);
    const [first] = cluster.silos;
    await cluster.run(cluster.actor(Buyer, "b").pay({ orderId: "o0", amount: 1 }));
    // Stored with the turn, and not yet anywhere else.
    first?.kill();
    await cluster.advance(60_000);
    await cluster.startSilo({ extensions: [topics()] });
    await settle(cluster);
    expect(await cluster.run(cluster.actor(Order, "o0").read())).toEqual([1]);
  });
});

describe("a reader that cannot read its partition", () => {
  it("looks now and then at what it would send again, and sends it when it can", async () => {
    const cluster = await start(0, 1);
    const watch = { isBlocked: false, looks: 0 };
    const first = await cluster.startSilo({ extensions: [watchedTopics(watch)] });
    await cluster.run(cluster.actor(Buyer, "b").pay({ orderId: "o0", amount: 1, fails: 2 }));
    await cluster.waitUntil(() => attempts.get(1) === 1);
    await cluster.advance(100);
    first.kill();
    watch.isBlocked = true;
    watch.looks = 0;
    await cluster.startSilo({ extensions: [watchedTopics(watch)] });
    await cluster.advance(60_000);
    expect(attempts.get(1)).toBe(1);
    expect(watch.looks).toBeGreaterThan(10);
    expect(watch.looks).toBeLessThan(150);
    watch.isBlocked = false;
    await settle(cluster);
    expect(await cluster.run(cluster.actor(Order, "o0").read())).toEqual([1]);
  });
});

describe("a copy of a delivery", () => {
  it("has no effect beside another that had, though that was answered as failed", async () => {
    const cluster = await start(0, 1);
    const copies: (() => Promise<unknown>)[] = [];
    const extension = topics();
    await cluster.startSilo({
      extensions: [{ ...extension, parts: (silo) => deliveredTwice(extension, silo, copies) }],
    });
    await cluster.run(cluster.actor(Buyer, "b").pay({ orderId: "o0", amount: 1, fails: 1 }));
    await cluster.waitUntil(() => copies.length === 1);
    // The first try has failed, and comes again in a second. A copy of it is still under way.
    await cluster.run(copies[0]?.() ?? Promise.reject());
    expect(await cluster.run(cluster.actor(Order, "o0").read())).toEqual([1]);
    await settle(cluster);
    expect(attempts.get(1)).toBe(2);
    expect(await cluster.run(cluster.actor(Order, "o0").read())).toEqual([1]);
  });
});

/** Keeps a copy of what is delivered to subscribers, without the number of its durable send. */
function deliveredTwice(
  extension: Extension,
  silo: SiloHost,
  copies: (() => Promise<unknown>)[],
): DurablePart[] {
  return (extension.parts?.(silo) ?? []).map((part) => {
    const turn = part.turns?.$topicEvents;
    if (turn === undefined) return part;
    const copied: SystemTurn = (host, args) => {
      copies.push(() => silo.callTurn(host.address, "$topicEvents", args));
      return turn(host, args);
    };
    return { ...part, turns: { ...part.turns, $topicEvents: copied } };
  });
}

/** Topics whose partitions cannot be read for a while, and which count what readers look at. */
function watchedTopics(watch: { isBlocked: boolean; looks: number }): Extension {
  const extension = topics();
  const watched = (name: string, turn: SystemTurn): SystemTurn => {
    return (host, args) => {
      if (name === "$topicRetry") watch.looks++;
      if (name === "$topicPull" && watch.isBlocked) throw new RangeError("not now");
      return turn(host, args);
    };
  };
  const all = (turns: Readonly<Record<string, SystemTurn>>): Record<string, SystemTurn> =>
    Object.fromEntries(Object.entries(turns).map(([name, turn]) => [name, watched(name, turn)]));
  return {
    ...extension,
    parts: (silo) =>
      (extension.parts?.(silo) ?? []).map((part) => ({ ...part, turns: all(part.turns ?? {}) })),
  };
}
