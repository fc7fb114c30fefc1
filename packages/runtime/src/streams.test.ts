import { sleep } from "@troupe/core";
import { Actor, actor, Feed, state, stream } from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** The clock of the test that runs. */
let { clock }: Pick<TestCluster, "clock"> = {} as TestCluster;
/** What the streams of the test did. */
let seen: string[] = [];

@actor("Room", { idleAfter: "1m" })
class Room extends Actor {
  @state() accessor lines: string[] = [];
  @state() accessor reads = 0;
  readonly #said = new Feed<string>({ max: 100 });

  async say(line: string): Promise<void> {
    this.lines.push(line);
    this.#said.push(line);
  }

  async sayAndThrow(line: string): Promise<void> {
    this.lines.push(line);
    this.#said.push(line);
    await sleep(clock, 10);
    throw new RangeError("not said");
  }

  async read(): Promise<string[]> {
    return this.lines;
  }

  async readers(): Promise<number> {
    return this.#said.readers;
  }

  async end(): Promise<void> {
    this.deactivate();
  }

  async *follow(): AsyncGenerator<string> {
    const said = this.#said.subscribe();
    try {
      yield* this.lines;
      yield* said;
    } finally {
      seen.push(`left ${this.id}`);
    }
  }

  async *count(to: number): AsyncGenerator<number> {
    for (let number = 1; number <= to; number++) {
      seen.push(`made ${number}`);
      yield number;
    }
    if (to === 13) throw new RangeError("13 brings bad luck");
  }

  async *poll(): AsyncGenerator<number> {
    for (;;) {
      await sleep(clock, 20);
      yield this.lines.length;
    }
  }

  /** Never comes to a `yield` before somebody says something. */
  async *wait(): AsyncGenerator<string> {
    for (;;) {
      await sleep(clock, 20);
      const line = this.lines.at(-1);
      if (line !== undefined) yield line;
    }
  }

  async *readLoud(): AsyncGenerator<number> {
    for (;;) yield ++this.reads;
  }

  async *bad(): AsyncGenerator {
    yield () => "not to be copied";
  }

  @stream()
  twice(text: string): AsyncIterable<string> {
    return (async function* () {
      yield text;
      yield text;
    })();
  }

  async relay(id: string, lines: number): Promise<string[]> {
    const heard: string[] = [];
    for await (const line of this.actor(Room, id).follow()) {
      if (heard.push(line) === lines) break;
    }
    return heard;
  }
}

async function start(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Room], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  ({ clock } = cluster);
  seen = [];
  return cluster;
}

/** Reads in the background; `items` grows, and `end` settles as the stream does. */
function reading<T>(items: AsyncIterable<T>): {
  readonly items: T[];
  readonly end: Promise<unknown>;
} {
  const got: T[] = [];
  const end = (async () => {
    try {
      for await (const item of items) got.push(item);
      return "returned";
    } catch (error) {
      return error;
    }
  })();
  return { items: got, end };
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
    const local = reading(cluster.silos[0]!.silo.actor(Room, "a").twice("x"));
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
    const { silo } = cluster.silos[0]!;
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
    const hold = cluster.silos[0]!.stores.hold();
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
    const { stores } = cluster.silos[0]!;
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

  it("learns that the actor moved when the silo drains, which does not wait for it", async () => {
    const cluster = await start(2);
    const ids = Array.from({ length: 20 }, (_, index) => `room-${index}`);
    const readers = ids.map((id) => reading(cluster.actor(Room, id).follow()));
    for (const id of ids) await cluster.run(cluster.actor(Room, id).say("one"));
    await cluster.waitUntil(() => readers.every(({ items }) => items.length === 1));
    const before = cluster.clock.monotonic();
    await cluster.stopSilo(cluster.silos[0]!);
    expect(cluster.clock.monotonic() - before).toBeLessThan(5_000);
    const ends = await Promise.all(
      readers.map(({ end }) => Promise.race([end, Promise.resolve(undefined)])),
    );
    const moved = ends.filter((end) => end !== undefined);
    expect(moved.length).toBeGreaterThan(0);
    for (const end of moved) expect(end).toMatchObject({ code: "MOVED" });
  });
});

describe("a wrong use of a stream", () => {
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

/** The silo on which the only room is active. */
function ownerOf(cluster: TestCluster): TestSilo {
  const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
  if (owner === undefined) throw new Error("the room is not active");
  return owner;
}
