import { Actor, actor, type ActorClass, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { subscribe } from "./subscribe.ts";
import { type TopicAccess, topicsOf } from "./topic-access.ts";
import { topic } from "./topic.ts";
import type { TopicEvent } from "./topic-event.ts";
import { topics } from "./topics.ts";

interface Reading {
  readonly meter: string;
  readonly value: number;
}

const readings = topic<Reading>("readings", { partitions: 2 });
const graveyard = topic<Reading>("graveyard", { partitions: 2 });

async function start(
  actors: readonly ActorClass[],
  silos = 1,
): Promise<{ readonly cluster: TestCluster; readonly access: TopicAccess }> {
  const cluster = await TestCluster.start({ actors: [...actors], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let count = 0; count < silos; count++) await cluster.startSilo({ extensions: [topics()] });
  return { cluster, access: topicsOf(cluster.client, { clock: cluster.clock }) };
}

async function publishAll(cluster: TestCluster, access: TopicAccess, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, value) => ({ meter: `m${value % 2}`, value }));
  await cluster.run(
    Promise.all(all.map((one) => access.publish(readings, one, { key: one.meter }))),
  );
}

async function until(cluster: TestCluster, isSo: () => boolean): Promise<void> {
  for (let times = 0; !isSo(); times++) {
    if (times > 2_000) throw new Error("it did not come to pass");
    await cluster.advance(50);
  }
}

describe("a subscription in bulk", () => {
  it("hands the events of an actor to one turn, as many as it says, in the order of their key", async () => {
    const batches: number[][] = [];
    @actor("Meter")
    class Meter extends Actor {
      @state() accessor values: number[] = [];
      @subscribe(readings, { bulk: { max: 5, within: "1s" } })
      async onReadings(events: readonly TopicEvent<Reading>[]): Promise<void> {
        batches.push(events.map(({ data }) => data.value));
        this.values.push(...events.map(({ data }) => data.value));
      }
      @readonly() async read(): Promise<readonly number[]> {
        return this.values;
      }
    }
    const { cluster, access } = await start([Meter]);
    await publishAll(cluster, access, 24);
    await until(cluster, () => batches.flat().length >= 24);
    expect(Math.max(...batches.map(({ length }) => length))).toBe(5);
    expect(batches.length).toBeLessThan(12);
    for (const rest of [0, 1]) {
      const own = Array.from({ length: 12 }, (_, index) => 2 * index + rest);
      expect(await cluster.run(cluster.actor(Meter, `m${rest}`).read())).toEqual(own);
    }
  });

  it("does not wait longer than it says for others", async () => {
    const times: number[] = [];
    @actor("Meter")
    class Meter extends Actor {
      @state() accessor count = 0;
      @subscribe(readings, { bulk: { max: 100, within: "3s" } })
      async onReadings(events: readonly TopicEvent<Reading>[]): Promise<void> {
        this.count += events.length;
        times.push(this.now());
      }
    }
    const { cluster, access } = await start([Meter]);
    const before = cluster.clock.now();
    await cluster.run(access.publish(readings, { meter: "m", value: 1 }, { key: "m" }));
    await until(cluster, () => times.length > 0);
    expect((times[0] ?? 0) - before).toBeGreaterThanOrEqual(3_000);
    expect((times[0] ?? 0) - before).toBeLessThan(5_000);
  });

  it("gives up only the event that fails, and no other of its batch", async () => {
    @actor("Meter")
    class Meter extends Actor {
      @state() accessor values: number[] = [];
      @subscribe(readings, { bulk: { max: 10 }, retry: { attempts: 3, backoff: "1s" } })
      async onReadings(events: readonly TopicEvent<Reading>[]): Promise<void> {
        this.values.push(...events.map(({ data }) => data.value));
        if (events.some(({ data }) => data.value === 4)) throw new RangeError("not four");
      }
      @readonly() async read(): Promise<readonly number[]> {
        return this.values;
      }
    }
    const { cluster, access } = await start([Meter]);
    await publishAll(cluster, access, 12);
    await cluster.advance(30_000);
    expect(await cluster.run(cluster.actor(Meter, "m0").read())).toEqual([0, 2, 6, 8, 10]);
    const dead = access.operate(readings).deadEvents(Meter, "Meter.onReadings");
    const found = await cluster.run(dead.list());
    expect(found).toMatchObject([{ id: "m0", event: { data: { value: 4 } } }]);
    for (const one of found) await cluster.run(dead.drop(one));
  });
});

describe("a subscription with a topic for dead letters", () => {
  it("publishes there what it gives up, with where it comes from and why", async () => {
    const letters: TopicEvent<Reading>[] = [];
    @actor("Meter")
    class Meter extends Actor {
      @state() accessor count = 0;
      @subscribe(readings, { deadLetter: graveyard, retry: { attempts: 2, backoff: "1s" } })
      async onReading(): Promise<void> {
        throw new RangeError("not today");
      }
    }
    @actor("Mourner")
    class Mourner extends Actor {
      @state() accessor count = 0;
      @subscribe(graveyard, { id: () => "m" })
      async onLetter(event: TopicEvent<Reading>): Promise<void> {
        letters.push(event);
      }
    }
    const { cluster, access } = await start([Meter, Mourner]);
    const reading = { meter: "m", value: 1 };
    const headers = { tenant: "a" };
    await cluster.run(access.publish(readings, reading, { key: "m", id: "one", headers }));
    await until(cluster, () => letters.length > 0);
    await cluster.advance(10_000);
    expect(letters).toMatchObject([
      {
        data: reading,
        partitionkey: "m",
        extensions: {
          tenant: "a",
          deadtopic: "readings",
          deadgroup: "Meter.onReading",
          deadreason: expect.stringContaining("not today") as string,
          deadid: "one",
        },
      },
    ]);
    const dead = access.operate(readings).deadEvents(Meter, "Meter.onReading");
    expect(await cluster.run(dead.list())).toEqual([]);
  });
});

describe("a subscription of a stateless worker", () => {
  it("shares the events among the workers, keeps the order of a key, and tries again", async () => {
    const handled: number[] = [];
    const workers = new Set<string>();
    let failures = 0;
    @actor("Printer", { statelessWorker: { perSilo: 2 } })
    class Printer extends Actor {
      @subscribe(readings, { retry: { attempts: 3, backoff: "1s" } })
      async onReading({ data }: TopicEvent<Reading>): Promise<void> {
        if (data.value === 7 && failures++ === 0) throw new RangeError("no paper");
        workers.add(this.id);
        handled.push(data.value);
      }
    }
    const { cluster, access } = await start([Printer], 2);
    await publishAll(cluster, access, 20);
    await cluster.run(access.publish(readings, { meter: "none", value: 20 }));
    await until(cluster, () => handled.length >= 21);
    await cluster.advance(10_000);
    expect(handled.toSorted((one, other) => one - other)).toEqual([...Array(21).keys()]);
    for (const rest of [0, 1]) {
      const own = handled.filter((value) => value < 20 && value % 2 === rest);
      expect(own).toEqual(own.toSorted((one, other) => one - other));
    }
    expect(workers.size).toBeGreaterThan(1);
    expect(failures).toBe(2);
  });
});
