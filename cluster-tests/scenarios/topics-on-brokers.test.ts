import { InMemoryBroker, InMemoryPubSub } from "@troupe/components";
import { type PubSub, TroupeError } from "@troupe/core";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import {
  subscribe,
  topic,
  type TopicAccess,
  type TopicEvent,
  topics,
  topicsOf,
} from "@troupe/topics";
import { describe, expect, it, onTestFinished } from "vitest";

interface Payment {
  readonly order: string;
  readonly amount: number;
}

const payments = topic<Payment>("payments", { pubsub: "broker" });
const letters = topic<Payment>("letters", { pubsub: "broker" });
const metrics = topic("metrics", { pubsub: "broker", raw: true });
const nowhere = topic<Payment>("payments", { pubsub: "brokr" });

/** Handlers that fail, by the amount of the payment: how often they still do. */
const failing = new Map<number, number>();

@actor("BrokerOrder")
class BrokerOrder extends Actor {
  @state() accessor amounts: number[] = [];
  @state() accessor bytes: string[] = [];

  @subscribe(payments, { retry: { attempts: 3, backoff: "1s" }, deadLetter: letters })
  async onPayment({ data }: TopicEvent<Payment>): Promise<void> {
    this.amounts.push(data.amount);
    const left = failing.get(data.amount) ?? 0;
    failing.set(data.amount, left - 1);
    if (left > 0) throw new RangeError("not now");
  }

  @subscribe(letters, { id: () => "graveyard" })
  async onLetter({ data, extensions }: TopicEvent<Payment>): Promise<void> {
    this.bytes.push(`${data.amount} ${extensions.deadgroup}`);
  }

  @subscribe(metrics, { id: () => "metrics" })
  async onMetric({ data }: TopicEvent): Promise<void> {
    this.bytes.push(new TextDecoder().decode(data as Uint8Array));
  }

  async pay(order: string, amount: number): Promise<void> {
    this.publish(payments, { order, amount }, { key: order });
  }

  async payAndThrow(order: string, amount: number): Promise<void> {
    await this.pay(order, amount);
    throw new RangeError("not today");
  }

  async payNowhere(): Promise<void> {
    this.publish(nowhere, { order: "o", amount: 1 });
  }

  @readonly() async read(): Promise<readonly (number | string)[]> {
    return [...this.amounts, ...this.bytes];
  }
}

/** How all silos find the broker: away, well, or taking events without an answer. */
interface Mood {
  state: "away" | "silent" | "well";
}

/** A broker that is away for a while, or whose answers are lost. */
class Moody implements PubSub {
  readonly #mood: Mood;
  readonly #broker: PubSub;

  constructor(broker: PubSub, mood: Mood) {
    this.#broker = broker;
    this.#mood = mood;
  }

  async publish(...args: Parameters<PubSub["publish"]>): Promise<void> {
    const { state: now } = this.#mood;
    if (now !== "away") await this.#broker.publish(...args);
    if (now !== "well") throw new TroupeError("COMPONENT_UNAVAILABLE", "it is away");
  }

  async subscribe(...args: Parameters<PubSub["subscribe"]>): ReturnType<PubSub["subscribe"]> {
    if (this.#mood.state === "away") throw new TroupeError("COMPONENT_UNAVAILABLE", "it is away");
    return await this.#broker.subscribe(...args);
  }

  async close(): Promise<void> {
    await this.#broker.close();
  }
}

interface Trial {
  readonly cluster: TestCluster;
  readonly access: TopicAccess;
  readonly broker: Mood;
  /** Starts one more silo. Gives what kills it, with its connection to the broker. */
  start(): Promise<() => void>;
}

async function setUp(mood: Mood["state"] = "well"): Promise<Trial & { kill(): void }> {
  failing.clear();
  const cluster = await TestCluster.start({ actors: [BrokerOrder], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const shared = new InMemoryBroker();
  const broker: Mood = { state: mood };
  const start = async (): Promise<() => void> => {
    const handle = new InMemoryPubSub(shared, cluster.clock);
    const moody = new Moody(handle, broker);
    const brokers = {
      pubsub: (name: string): PubSub => {
        if (name === "broker") return moody;
        throw new TroupeError("NO_SUCH_COMPONENT", `no component pubsub.* is named ${name}`);
      },
    };
    const silo = await cluster.startSilo({ extensions: [topics({ brokers })] });
    return () => {
      silo.kill();
      handle.close().catch(() => undefined);
    };
  };
  const kill = await start();
  const access = topicsOf(cluster.client, { clock: cluster.clock });
  return { cluster, broker, start, kill, access };
}

async function readUntil(
  { cluster }: Trial,
  id: string,
  count: number,
): Promise<readonly (number | string)[]> {
  for (let times = 0; times < 2_000; times++) {
    const found = await cluster.run(cluster.actor(BrokerOrder, id).read());
    if (found.length >= count) return found;
    await cluster.advance(50);
  }
  throw new Error(`${id} did not get ${count} events`);
}

describe("a topic on a broker", () => {
  it("gets what a turn has published, and nothing of a turn that throws", async () => {
    const trial = await setUp();
    const buyer = trial.cluster.actor(BrokerOrder, "buyer");
    await expect(trial.cluster.run(buyer.payAndThrow("o", 1))).rejects.toThrow("not today");
    for (const amount of [2, 3]) await trial.cluster.run(buyer.pay("o", amount));
    await trial.cluster.run(
      trial.access.publish(payments, { order: "o", amount: 4 }, { key: "o" }),
    );
    expect(await readUntil(trial, "o", 3)).toEqual([2, 3, 4]);
  });

  it("has an effect once, though the broker has an event twice", async () => {
    const trial = await setUp("silent");
    const buyer = trial.cluster.actor(BrokerOrder, "buyer");
    await trial.cluster.run(buyer.pay("o", 1));
    await trial.cluster.advance(5_000);
    trial.broker.state = "well";
    await trial.cluster.run(buyer.pay("o", 2));
    expect(await readUntil(trial, "o", 2)).toEqual([1, 2]);
    await trial.cluster.advance(60_000);
    expect(await readUntil(trial, "o", 2)).toEqual([1, 2]);
  });

  it("may be away at the start and later, and nothing is lost", async () => {
    const trial = await setUp("away");
    const buyer = trial.cluster.actor(BrokerOrder, "buyer");
    for (const amount of [1, 2]) await trial.cluster.run(buyer.pay("o", amount));
    await trial.cluster.advance(20_000);
    const payment = { order: "o", amount: 9 };
    await expect(
      trial.cluster.run(trial.access.publish(payments, payment, { key: "o" })),
    ).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
    trial.broker.state = "well";
    await trial.cluster.advance(2_000);
    await trial.cluster.run(buyer.pay("o", 3));
    expect((await readUntil(trial, "o", 1)).at(-1)).toBe(3);
  });

  it("loses nothing when a silo dies in mid-batch, and keeps the order", async () => {
    const trial = await setUp();
    await trial.start();
    const buyer = trial.cluster.actor(BrokerOrder, "buyer");
    const amounts = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const amount of amounts) await trial.cluster.run(buyer.pay("o", amount));
    trial.kill();
    expect(await readUntil(trial, "o", 30)).toEqual(amounts);
  });

  it("gives up an event after its attempts, to the topic of the dead, and goes on", async () => {
    const trial = await setUp();
    failing.set(1, 100);
    failing.set(2, 1);
    const buyer = trial.cluster.actor(BrokerOrder, "buyer");
    for (const amount of [1, 2, 3]) await trial.cluster.run(buyer.pay("o", amount));
    expect(await readUntil(trial, "o", 2)).toEqual([2, 3]);
    expect(failing.get(1)).toBe(97);
    expect(await readUntil(trial, "graveyard", 1)).toEqual(["1 BrokerOrder.onPayment"]);
  });

  it("may be one of others: raw data in, raw data out", async () => {
    const trial = await setUp();
    await trial.cluster.run(trial.access.publish(metrics, "cpu 5"));
    expect(await readUntil(trial, "metrics", 1)).toEqual(["cpu 5"]);
  });

  it("needs a component of its name, and says so at the publish", async () => {
    const trial = await setUp();
    const paying = trial.cluster.actor(BrokerOrder, "buyer").payNowhere();
    await expect(trial.cluster.run(paying)).rejects.toMatchObject({ code: "NO_SUCH_COMPONENT" });
    expect(() => trial.access.subscribe(payments, { group: "g" })).toThrow(/NOT_SUPPORTED/);
  });
});
