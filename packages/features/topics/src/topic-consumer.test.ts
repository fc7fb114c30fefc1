import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { topicsOf } from "./topic-access.ts";
import type { ConsumeOptions, ReceivedEvent } from "./topic-consumer.ts";
import { topic } from "./topic.ts";
import { topics } from "./topics.ts";

const readings = topic<number>("readings", { partitions: 3 });

interface World {
  readonly cluster: TestCluster;
  publish(value: number): Promise<string>;
  read(options?: Partial<ConsumeOptions>): Reader;
}

type Reader = AsyncIterator<ReceivedEvent<number>>;

async function start(silos = 1): Promise<World> {
  const cluster = await TestCluster.start({ actors: [], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let count = 0; count < silos; count++) await cluster.startSilo({ extensions: [topics()] });
  const access = topicsOf(cluster.client, { clock: cluster.clock });
  return {
    cluster,
    publish: (value) => cluster.run(access.publish(readings, value, { key: `k${value % 5}` })),
    read(options) {
      const all = { group: "audit", from: "earliest", ...options } as const;
      const reader = access.subscribe(readings, all)[Symbol.asyncIterator]();
      onTestFinished(async () => {
        await cluster.run(Promise.resolve(reader.return?.()));
      });
      return reader;
    },
  };
}

async function next({ cluster }: World, reader: Reader): Promise<ReceivedEvent<number>> {
  const { value, done } = await cluster.run(reader.next());
  if (done === true) throw new Error("the reading has ended");
  return value;
}

/** The program leaves its loop. */
async function leave({ cluster }: World, reader: Reader): Promise<void> {
  await cluster.run(Promise.resolve(reader.return?.()));
}

async function take(world: World, reader: Reader, count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const event = await next(world, reader);
    found.push(event.data);
    expect(await world.cluster.run(event.ack())).toBe(true);
  }
  return found;
}

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, value) => value);

describe("a program that subscribes", () => {
  it("gets each event, those of a key in order, and its successor gets the rest", async () => {
    const world = await start(2);
    for (const value of upTo(20)) await world.publish(value);
    const first = world.read();
    const found = await take(world, first, 12);
    await leave(world, first);
    const rest = await take(world, world.read(), 8);
    expect(sorted([...found, ...rest])).toEqual(upTo(20));
    for (const key of upTo(5)) {
      const ofKey = [...found, ...rest].filter((value) => value % 5 === key);
      expect(ofKey).toEqual(sorted(ofKey));
    }
  });

  it("gets only what comes later, if it asks for that", async () => {
    const world = await start();
    await world.publish(1);
    const reader = world.read({ group: "late", from: "latest" });
    const coming = reader.next();
    await world.cluster.advance(1_000);
    await world.publish(2);
    const { value } = await world.cluster.run(coming);
    expect(value).toMatchObject({ data: 2, partitionkey: "k2", type: "readings" });
  });

  it("gets an event again that it did not acknowledge, and may acknowledge in any order", async () => {
    const world = await start();
    for (const value of upTo(4)) await world.publish(value * 5);
    const first = world.read();
    const events = [];
    for (const _ of upTo(4)) events.push(await next(world, first));
    const [zero, one, two] = events;
    expect(await world.cluster.run(two?.ack() ?? Promise.reject())).toBe(true);
    expect(await world.cluster.run(zero?.ack() ?? Promise.reject())).toBe(true);
    await leave(world, first);
    expect(await world.cluster.run(one?.ack() ?? Promise.reject())).toBe(false);
    expect(await take(world, world.read(), 3)).toEqual([5, 10, 15]);
  });

  it("shares the partitions with others of its group, and takes them over when they vanish", async () => {
    const world = await start();
    const first = world.read();
    const second = world.read();
    await world.publish(0);
    expect(await take(world, first, 1)).toEqual([0]);
    const waiting = second.next();
    for (const value of upTo(10)) await world.publish(value + 10);
    await world.cluster.advance(5_000);
    expect(await take(world, first, 10)).toHaveLength(10);
    await leave(world, first);
    await world.publish(99);
    expect((await world.cluster.run(waiting)).value).toMatchObject({ data: 99 });
  });

  it("keeps its partitions though it is slow", async () => {
    const world = await start();
    await world.publish(1);
    const [slow, other] = [world.read(), world.read()];
    const event = await next(world, slow);
    const stolen = other.next();
    await world.cluster.advance(120_000);
    expect(await world.cluster.run(event.ack())).toBe(true);
    await world.publish(6);
    expect(await take(world, slow, 1)).toEqual([6]);
    await leave(world, slow);
    await world.publish(11);
    expect((await world.cluster.run(stolen)).value).toMatchObject({ data: 11 });
  });

  it("ends with its signal, and with what is wrong", async () => {
    const world = await start();
    const ending = new AbortController();
    const reader = world.read({ signal: ending.signal });
    const coming = reader.next();
    await world.cluster.advance(1_000);
    ending.abort();
    expect(await world.cluster.run(coming)).toEqual({ done: true, value: undefined });
    expect(() => world.read({ group: "a/b" })).toThrow(/BAD_INPUT.*group must be a text/);
    expect(() => world.read({ from: "now" as never })).toThrow(/BAD_INPUT.*from must be/);
  });

  it("is refused what is no request", async () => {
    const world = await start();
    const partition = world.cluster.client.actor("troupe.topic", "readings/0");
    for (const request of [undefined, {}, { pull: { group: "g" }, consumer: "c", count: -1 }])
      await expect(
        world.cluster.run(partition.fetch?.(request) ?? Promise.reject()),
      ).rejects.toThrow(/BAD_INPUT/);
    for (const event of [undefined, {}, { id: "x", source: "/s", type: "t", at: 1, data: "x" }])
      await expect(
        world.cluster.run(partition.publish?.(event) ?? Promise.reject()),
      ).rejects.toThrow(/BAD_INPUT/);
  });
});
