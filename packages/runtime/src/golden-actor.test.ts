import { goldenBytes, goldenFile } from "@troupe/conformance";
import { Actor, actor, readonly, reminder, type ReminderTick, state, timer } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";

/** What the letters and ticks of a stored actor brought. */
const seen: unknown[] = [];

@actor("Elder", { version: 3, idleAfter: "2h" })
class Elder extends Actor {
  @state() accessor count = 0;
  @state() accessor big = 0n;
  @state() accessor text = "";
  @state() accessor nothing: string | undefined = "something";
  @state() accessor lines: { at: Date; tags: Set<string> }[] = [];
  @state() accessor index = new Map<string, { to: unknown }>();

  @readonly() async look(): Promise<unknown> {
    const { count, big, text, nothing, lines, index } = this;
    return {
      count,
      big,
      text,
      nothing,
      lines,
      index: [...index].map(([key, { to }]) => [key, String(to)]),
      reminders: await this.reminders.list(),
      timers: await this.timers.list(),
    };
  }

  async add(amount: number): Promise<unknown> {
    this.count += amount;
    return { count: this.count, when: new Date(5) };
  }

  async greet(to: string): Promise<void> {
    this.send(Elder, to).receive("hello");
  }

  async receive(text: string): Promise<void> {
    this.text = `${this.text}${text}`;
  }

  async wait(...args: unknown[]): Promise<void> {
    seen.push(["wait", ...args, this.context.headers]);
  }

  async refuse(...args: unknown[]): Promise<void> {
    seen.push(["refuse", ...args, this.context.headers]);
  }

  @reminder("ring") async ring({ name, data, count }: ReminderTick): Promise<void> {
    seen.push([name, data, count]);
  }

  @reminder("dawn") async dawn(): Promise<void> {}

  @timer("beat") async beat({ name, data }: ReminderTick): Promise<void> {
    seen.push([name, data]);
  }
}

const golden = goldenFile("stored-actor");
const ADDRESS = { type: "Elder", id: "one" };

/** A cluster whose store holds what the first version stored, at about the time it did. */
async function startWithGolden(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Elder] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  seen.length = 0;
  await cluster.advance(golden.now - cluster.clock.now());
  const old = { revision: 0, siloId: "old" };
  const { epoch } = cluster.states.claim(ADDRESS, old) as { epoch: number };
  const set = new Map(Object.entries(golden.fields).map(([name, hex]) => [name, goldenBytes(hex)]));
  cluster.states.commit(ADDRESS, { epoch, version: 1, set, remove: [] });
  return cluster;
}

it("reads the slots, reminders and timers that the first version stored", async () => {
  const cluster = await startWithGolden();
  expect(await cluster.run(cluster.actor(Elder, "one").look())).toEqual({
    count: 47,
    big: 2n ** 70n,
    text: "größe!",
    nothing: undefined,
    lines: [{ at: new Date(1_700_000_000_000), tags: new Set(["a"]) }],
    index: [["first", "Elder/other"]],
    reminders: [
      {
        name: "ring",
        data: { note: new Map([["k", 1]]) },
        nextAt: 1_767_229_200_020,
        count: 0,
        failed: 0,
      },
      { name: "dawn", data: undefined, nextAt: 1_767_243_600_000, count: 0, failed: 0 },
    ],
    timers: [{ name: "beat", data: "tick", nextAt: 1_767_227_400_020, count: 0, failed: 0 }],
  });
});

it("lets the timers of the first version tick", async () => {
  const cluster = await startWithGolden();
  await cluster.run(cluster.actor(Elder, "one").look());
  seen.length = 0;
  await cluster.advance(1_790_000);
  expect(seen).toEqual([["beat", "tick"]]);
});

it("gives a repeated call the result that the first version kept", async () => {
  const cluster = await startWithGolden();
  const one = cluster.client.actor(Elder, "one", { idempotencyKey: "order 7" });
  expect(await cluster.run(one.add(5))).toEqual({ count: 47, when: new Date(5) });
  expect(await cluster.run(cluster.actor(Elder, "one").look())).toMatchObject({ count: 47 });
});

it("takes no letter of a sender that the first version took already", async () => {
  const cluster = await startWithGolden();
  // The first letter of this sender, whose own state is not among what was stored.
  await cluster.run(cluster.actor(Elder, "friend").greet("one"));
  await cluster.advance(1_000);
  expect(await cluster.run(cluster.actor(Elder, "one").look())).toMatchObject({ text: "größe!" });
  await cluster.run(cluster.actor(Elder, "friend").greet("one"));
  await cluster.advance(1_000);
  expect(await cluster.run(cluster.actor(Elder, "one").look())).toMatchObject({
    text: "größe!hello",
  });
});

it("delivers the letter that the first version had under way", async () => {
  const cluster = await startWithGolden();
  await cluster.run(cluster.actor(Elder, "one").look());
  await cluster.advance(1_000);
  expect(seen).toEqual([
    ["wait", [1, { two: 2n }], new Map([["why", "under way"]]), { tenant: "t2" }],
  ]);
});
