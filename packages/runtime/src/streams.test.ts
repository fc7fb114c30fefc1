import { TestCluster, type TestSilo } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { beginTest, reading, Room, seen } from "./testing/room-actor.ts";

/** A cluster of the test that runs. */
async function start(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Room], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  beginTest(cluster.clock);
  return cluster;
}

/** The silo that was started first. */
function firstOf(cluster: TestCluster): TestSilo {
  const [first] = cluster.silos;
  if (first === undefined) throw new Error("no silo was started");
  return first;
}

describe("a stream", () => {
  it("gives its items in order, and ends as its method does", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    const whole = reading(room.count(200));
    expect(await cluster.run(whole.end)).toBe("returned");
    expect(whole.items).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const failed = reading(room.count(13));
    expect(await cluster.run(failed.end)).toEqual(new RangeError("13 brings bad luck"));
    expect(failed.items).toHaveLength(13);
    const local = reading(firstOf(cluster).silo.actor(Room, "a").twice("x"));
    expect(await cluster.run(local.end)).toBe("returned");
    expect(local.items).toEqual(["x", "x"]);
  });

  it("stops its actor when the reader takes nothing", async () => {
    const cluster = await start();
    const items = cluster.actor(Room, "a", { window: { items: 10 } }).count(1_000);
    const iterator = items[Symbol.asyncIterator]();
    await cluster.run(iterator.next());
    await cluster.advance(1_000);
    expect(seen.length).toBeLessThanOrEqual(11);
    for (let taken = 1; taken < 1_000; taken++) await cluster.run(iterator.next());
    expect(await cluster.run(iterator.next())).toMatchObject({ done: true });
  });

  it("holds up neither other turns nor the end of its activation, and tells its reader", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    const follower = reading(room.follow());
    const poller = reading(room.poll());
    await cluster.run(room.say("one"));
    await cluster.waitUntil(() => follower.items.length === 1 && poller.items.length > 0);
    await cluster.run(room.end());
    expect(await cluster.run(follower.end)).toMatchObject({ code: "MOVED", retryable: true });
    expect(await cluster.run(poller.end)).toMatchObject({ code: "MOVED" });
    expect(seen).toContain("left a");
    expect(await cluster.run(room.read())).toEqual(["one"]);
  });

  it("holds up no deactivation while it waits for what does not come", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    const waiting = reading(room.wait());
    await cluster.advance(100);
    await cluster.run(room.end());
    expect(await cluster.run(waiting.end)).toMatchObject({ code: "MOVED" });
    await cluster.run(room.say("one"), 1_000);
  });

  it("goes on for a reader in the process of its silo that takes each item at once", async () => {
    const cluster = await start();
    const { silo } = firstOf(cluster);
    const local = reading(silo.actor(Room, "a", { window: { items: 1 } }).count(20));
    expect(await cluster.run(local.end)).toBe("returned");
    expect(local.items).toHaveLength(20);
  });

  it("ends when its reader leaves, gives up, or is gone", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    await cluster.run(room.say("one"));
    const iterator = room.follow()[Symbol.asyncIterator]();
    await cluster.run(iterator.next());
    expect(await cluster.run(room.readers())).toBe(1);
    await iterator.return?.();
    expect(await cluster.run(iterator.next())).toMatchObject({ done: true });
    await cluster.waitUntil(() => seen.length === 1);
    expect(await cluster.run(room.readers())).toBe(0);

    const controller = new AbortController();
    const cancelled = reading(cluster.actor(Room, "a", { signal: controller.signal }).follow());
    await cluster.waitUntil(() => cancelled.items.length === 1);
    controller.abort("enough");
    expect(await cluster.run(cancelled.end)).toMatchObject({ code: "CANCELLED", cause: "enough" });
    await cluster.waitUntil(() => seen.length === 2);

    const other = await cluster.run(cluster.connect());
    const closed = reading(other.actor(Room, "a").follow());
    await cluster.waitUntil(() => closed.items.length === 1);
    await cluster.run(other.close());
    expect(await cluster.run(closed.end)).toMatchObject({ code: "CANCELLED" });
    await cluster.waitUntil(() => seen.length === 3);
    expect(await cluster.run(room.readers())).toBe(0);
  });

  it("ends when no item comes in time, or nothing of it can be copied", async () => {
    const cluster = await start();
    const quiet = reading(cluster.actor(Room, "a", { idleTimeout: "2s" }).follow());
    expect(await cluster.run(quiet.end)).toMatchObject({ code: "TIMEOUT" });
    const bad = reading(cluster.actor(Room, "a").bad());
    expect(await cluster.run(bad.end)).toMatchObject({ code: "NOT_SERIALIZABLE" });
    await cluster.waitUntil(() => seen.length === 1);
  });

  it("is read by another actor, in a turn of that", async () => {
    const cluster = await start(2);
    const heard = cluster.actor(Room, "b").relay("a", 2);
    await cluster.advance(100);
    await cluster.run(cluster.actor(Room, "a").say("one"));
    await cluster.run(cluster.actor(Room, "a").say("two"));
    expect(await cluster.run(heard)).toEqual(["one", "two"]);
  });
});

describe("an item of a stream", () => {
  it("leaves when all that it could show is stored (V7)", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    const follower = reading(room.follow());
    await cluster.run(room.say("one"));
    await cluster.waitUntil(() => follower.items.length === 1);
    const poller = reading(room.poll());
    await cluster.waitUntil(() => poller.items.length > 0);
    const hold = firstOf(cluster).stores.hold();
    const said = room.say("two");
    await cluster.advance(200);
    expect(follower.items).toEqual(["one"]);
    expect(new Set(poller.items)).toEqual(new Set([1]));
    hold.release();
    await cluster.run(said);
    await cluster.waitUntil(() => follower.items.length === 2 && poller.items.includes(2));
  });

  it("shows nothing of a turn that throws, which changes nothing beside a reader either (D1)", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    const follower = reading(room.follow());
    await cluster.run(room.say("one"));
    const poller = reading(room.poll());
    await cluster.waitUntil(() => poller.items.length > 0);
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(cluster.run(room.sayAndThrow("two"))).rejects.toThrow("not said");
      await cluster.advance(7);
    }
    expect(await cluster.run(room.read())).toEqual(["one"]);
    expect(follower.items).toEqual(["one"]);
    expect(new Set(poller.items)).toEqual(new Set([1]));
    expect(await cluster.run(poller.end)).toMatchObject({ code: "MOVED", retryable: true });
  });

  it("shows nothing of a turn that throws when the next turn starts with the end of that", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    await cluster.run(room.say("one"));
    const poller = reading(room.poll());
    await cluster.waitUntil(() => poller.items.length > 0);
    for (let attempt = 0; attempt < 10; attempt++) {
      const thrown = room.sayAndThrow("two").catch(() => "threw");
      await cluster.advance(attempt);
      const waiting = reading(room.follow());
      expect(await cluster.run(thrown)).toBe("threw");
      await cluster.waitUntil(() => waiting.items.length === 1);
    }
    expect(new Set(poller.items)).toEqual(new Set([1]));
  });

  it("is stored with what its turn changed, and is not seen if that cannot be", async () => {
    const cluster = await start();
    const room = cluster.actor(Room, "a");
    const iterator = room.readLoud()[Symbol.asyncIterator]();
    for (let count = 1; count <= 100; count++)
      expect(await cluster.run(iterator.next())).toEqual({ value: count, done: false });
    const { stores } = firstOf(cluster);
    stores.fault = "away";
    const rest = reading({ [Symbol.asyncIterator]: () => iterator });
    const end = await cluster.run(rest.end);
    expect(end).toMatchObject({ code: expect.stringMatching(/STORE_UNAVAILABLE|MOVED/) });
    stores.fault = "up";
    const again = cluster.actor(Room, "a").readLoud()[Symbol.asyncIterator]();
    const next = await cluster.run(again.next());
    expect(next.value).toBeGreaterThan(100 + rest.items.length);
  });
});
