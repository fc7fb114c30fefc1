import { Actor, type ActorClass, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";
import { subscribe } from "./subscribe.ts";
import { topicsOf } from "./topic-access.ts";
import { topic } from "./topic.ts";
import type { TopicEvent } from "./topic-event.ts";
import { topics } from "./topics.ts";

const readings = topic<number>("readings", { partitions: 3 });

/** What all releases have stored. */
type Meter = abstract new () => Actor & { read(): Promise<readonly string[]> };

/** The first release has one subscription. */
function firstRelease(): Meter {
  @actor("Meter")
  class FirstMeter extends Actor {
    @state() accessor seen: string[] = [];

    @subscribe(readings, { id: () => "m", from: "earliest" })
    async onReading({ data }: TopicEvent<number>): Promise<void> {
      this.seen.push(`reading ${data}`);
    }

    async read(): Promise<readonly string[]> {
      return this.seen;
    }
  }
  return FirstMeter;
}

/** The second has another one in its place. */
function secondRelease(): Meter {
  @actor("Meter")
  class SecondMeter extends Actor {
    @state() accessor seen: string[] = [];

    @subscribe(readings, { id: () => "m", from: "earliest", group: "checks" })
    async check({ data }: TopicEvent<number>): Promise<void> {
      this.seen.push(`check ${data}`);
    }

    async read(): Promise<readonly string[]> {
      return this.seen;
    }
  }
  return SecondMeter;
}

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

function startSilo(cluster: TestCluster, meter: ActorClass): ReturnType<TestCluster["startSilo"]> {
  return cluster.startSilo({ actors: [meter], extensions: [topics()] });
}

async function seenOf(cluster: TestCluster, meter: Meter): Promise<readonly string[]> {
  const seen = await cluster.run(cluster.actor(meter, "m").read());
  return seen.toSorted();
}

it("goes from one release to the next with its subscriptions, and loses nothing", async () => {
  const cluster = await start();
  const [first, second] = [firstRelease(), secondRelease()];
  const before = await startSilo(cluster, first);
  const access = topicsOf(cluster.client, { clock: cluster.clock });
  const publish = (value: number): Promise<string> => cluster.run(access.publish(readings, value));
  await publish(1);
  await cluster.advance(2_000);
  expect(await seenOf(cluster, first)).toEqual(["reading 1"]);
  // The second release waits for its turn, and its group with it.
  const after = await startSilo(cluster, second);
  await publish(2);
  await cluster.advance(2_000);
  await cluster.stopSilo(before);
  await publish(3);
  await cluster.advance(60_000);
  const checks = [1, 2, 3].map((value) => `check ${value}`);
  expect(await seenOf(cluster, second)).toEqual(expect.arrayContaining(checks));
  // And back: what the first has not handled was kept for it.
  await startSilo(cluster, first);
  await cluster.stopSilo(after);
  await cluster.advance(60_000);
  const readingsSeen = [1, 2, 3].map((value) => `reading ${value}`);
  expect(await seenOf(cluster, first)).toEqual([...checks, ...readingsSeen]);
});

it("says that a group has a name which another type has, and goes on without it", async () => {
  const lines: object[] = [];
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error: (facts: object) => void lines.push(facts),
    child: () => logger,
  };
  const cluster = await TestCluster.start({ actors: [], silos: 0, logger });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  @actor("Other")
  class Other extends Actor {
    @subscribe(readings, { group: "checks" })
    async onReading(): Promise<void> {}
  }
  await startSilo(cluster, secondRelease());
  await startSilo(cluster, Other);
  await cluster.advance(10_000);
  const refused = lines.filter((facts) => "event" in facts && facts.event === "topic_refused");
  expect(refused).toHaveLength(3);
  expect(refused[0]).toMatchObject({
    reason: expect.stringContaining("the group checks is one of"),
  });
});
