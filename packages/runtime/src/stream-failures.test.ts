import type { CallFilter, CallFilters } from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { beginTest, reading, Room } from "./testing/room-actor.ts";

/** A cluster of the test that runs. */
async function start(silos = 1, filters: CallFilters = {}): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Room], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let index = 0; index < silos; index++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    await cluster.startSilo({ filters });
  }
  beginTest(cluster.clock);
  return cluster;
}

/** The silo that was started first. */
function firstOf(cluster: TestCluster): TestSilo {
  const [first] = cluster.silos;
  if (first === undefined) throw new Error("no silo was started");
  return first;
}

/** The silo on which the only room is active. */
function ownerOf(cluster: TestCluster): TestSilo {
  const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
  if (owner === undefined) throw new Error("the room is not active");
  return owner;
}

describe("a stream that loses its silo", () => {
  it("says so, and goes on elsewhere if it is told how", async () => {
    const cluster = await start(2);
    const room = cluster.actor(Room, "a");
    const plain = reading(room.follow());
    let calls = 0;
    const resumed = reading(
      cluster
        .actor(Room, "a", {
          resume: () => {
            calls++;
            return [];
          },
        })
        .follow(),
    );
    await cluster.run(room.say("one"));
    await cluster.waitUntil(() => plain.items.length === 1 && resumed.items.length === 1);
    ownerOf(cluster).kill();
    expect(await cluster.run(plain.end)).toMatchObject({ code: "SILO_LOST" });
    await cluster.run(room.say("two"));
    await cluster.waitUntil(() => resumed.items.includes("two"));
    expect(calls).toBeGreaterThan(0);
  });

  it("is opened again when what had arrived is read, so that no more waits than its window has", async () => {
    const cluster = await start(2);
    const given: unknown[] = [];
    const resume = (last: number | undefined): readonly unknown[] => {
      given.push(last);
      return [10];
    };
    const options = { window: { items: 5 }, resume };
    const numbers = cluster.actor(Room, "a", options).count(1_000)[Symbol.asyncIterator]();
    await cluster.run(numbers.next());
    await cluster.advance(500);
    ownerOf(cluster).kill();
    await cluster.advance(3_000);
    expect(given).toEqual([]);
    for (const value of [2, 3, 4, 5, 6])
      expect(await cluster.run(numbers.next())).toEqual({ value, done: false });
    expect(await cluster.run(numbers.next())).toEqual({ value: 1, done: false });
    expect(given).toEqual([6]);
  });

  it("learns that the actor moved when the silo drains, which does not wait for it", async () => {
    const cluster = await start(2);
    const ids = Array.from({ length: 20 }, (_, index) => `room-${index}`);
    const readers = ids.map((id) => reading(cluster.actor(Room, id).follow()));
    for (const id of ids) await cluster.run(cluster.actor(Room, id).say("one"));
    await cluster.waitUntil(() => readers.every(({ items }) => items.length === 1));
    const before = cluster.clock.monotonic();
    await cluster.stopSilo(firstOf(cluster));
    expect(cluster.clock.monotonic() - before).toBeLessThan(5_000);
    const ends = await Promise.all(
      readers.map(({ end }) => Promise.race([end, Promise.resolve(undefined)])),
    );
    const moved = ends.filter((end) => end !== undefined);
    expect(moved.length).toBeGreaterThan(0);
    for (const end of moved) expect(end).toMatchObject({ code: "MOVED" });
  });
});

describe("a filter", () => {
  it("sees a stream as it opens, and may refuse it", async () => {
    const passed: string[] = [];
    const incoming: CallFilter = async (call, next) => {
      passed.push(`in ${call.method} ${call.headers.by ?? ""}`);
      if (call.args[0] === 13) throw new RangeError("not for you");
      return await next();
    };
    const outgoing: CallFilter = async (call, next) => {
      passed.push(`out ${call.method}`);
      call.headers.by = "filter";
      return await next();
    };
    const cluster = await start(1, { incoming: [incoming], outgoing: [outgoing] });
    const { silo } = firstOf(cluster);
    const whole = reading(silo.actor(Room, "a").count(30));
    expect(await cluster.run(whole.end)).toBe("returned");
    expect(whole.items).toHaveLength(30);
    const refused = reading(silo.actor(Room, "a").count(13));
    expect(await cluster.run(refused.end)).toEqual(new RangeError("not for you"));
    const twice = ["out count", "in count filter"];
    expect(passed).toEqual([...twice, ...twice]);
  });
});

describe("a wrong use of a stream", () => {
  it("is told to who sends to it durably", async () => {
    const cluster = await start();
    const told = cluster.run(cluster.actor(Room, "a").tell("b"));
    await expect(told).rejects.toThrow("a durable send reads nothing");
  });

  it("is told: by name without the option, a method that is none, too many, bad options", async () => {
    const cluster = await start();
    const named = cluster.client.actor("Room", "a");
    await expect(cluster.run(named.follow!())).rejects.toThrow("read it with for await");
    const asStream = cluster.client.actor<Room>("Room", "a", { stream: true });
    const items = reading(asStream.count(3));
    expect(await cluster.run(items.end)).toBe("returned");
    const none = reading(asStream.read() as unknown as AsyncIterable<string>);
    expect(await cluster.run(none.end)).toMatchObject({ code: "NO_SUCH_METHOD" });
    expect(() => cluster.actor(Room, "a", { window: { items: 0 } })).toThrow("give 1 to 4096");
    expect(() => cluster.actor(Room, "a", { idleTimeout: "soon" as "1s" })).toThrow("idleTimeout");
    await cluster.run(cluster.actor(Room, "b").read());
    const open = () => reading(cluster.actor(Room, "b").follow());
    const many = Array.from({ length: 1_000 }, open);
    await cluster.advance(100);
    const refused = await cluster.run(Promise.race([...many, open()].map(({ end }) => end)));
    expect(refused).toMatchObject({ code: "OVERLOADED", message: expect.stringContaining("1000") });
  });
});
