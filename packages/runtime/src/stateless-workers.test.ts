import { type ActorClass, Actor, actor, idempotent, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** Calls that run now, and the most that ever did, by the object that runs them. */
const running = new Map<object, number>();
let mostAtOnce = 0;
let ends: (() => void)[] = [];

@actor("Press", { statelessWorker: { perSilo: 3 }, mailboxMax: 4, idleAfter: "1m" })
class Press extends Actor {
  #made = 0;

  /** The silo that it runs on, and what this instance has made so far. */
  async make(): Promise<{ silo: string; made: number }> {
    this.#made++;
    return { silo: siloOf(this.id), made: this.#made };
  }

  /** Runs until the test ends it. */
  async hold(): Promise<string> {
    running.set(this, (running.get(this) ?? 0) + 1);
    mostAtOnce = Math.max(mostAtOnce, running.size);
    await new Promise<void>((resolve) => ends.push(resolve));
    running.delete(this);
    return siloOf(this.id);
  }

  @idempotent()
  async holdAgain(): Promise<string> {
    return this.hold();
  }

  async fail(): Promise<void> {
    throw new RangeError("out of ink");
  }
}

@actor("Mill", { statelessWorker: { perSilo: 3 } })
class Mill extends Press {}

@actor("Shop")
class Shop extends Actor {
  async print(): Promise<{ silo: string; made: number }> {
    return this.worker(Press).make();
  }

  async printLater(): Promise<void> {
    this.send(Press, "any").make();
  }
}

function siloOf(id: string): string {
  return id.slice(0, id.indexOf("/"));
}

async function start(silos: number, actors: readonly ActorClass[]): Promise<TestCluster> {
  running.clear();
  mostAtOnce = 0;
  ends = [];
  const cluster = await TestCluster.start({ actors, silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

function endAll(): void {
  for (const end of ends.splice(0)) end();
}

describe("a stateless worker", () => {
  it("runs on the caller's own silo if that hosts it", async () => {
    const cluster = await start(3, [Press, Shop]);
    for (const { silo } of cluster.silos) {
      const { silo: where } = await cluster.run(silo.worker(Press).make());
      expect(where).toBe(silo.siloId);
    }
  });

  it("runs for an actor and by its name, and throws what it throws", async () => {
    const cluster = await start(2, [Press, Shop]);
    expect(await cluster.run(cluster.actor(Shop, "a").print())).toMatchObject({ made: 1 });
    const byName = cluster.client.worker<Press>("Press");
    expect((await cluster.run(byName.make())).silo).not.toBe("");
    const failing = byName.fail().catch((thrown: unknown) => thrown);
    expect(await cluster.run(failing)).toBeInstanceOf(RangeError);
  });

  it("is shared out over the silos by a client, by who has less to do", async () => {
    const cluster = await start(3, [Press]);
    const held = Array.from({ length: 9 }, () => cluster.client.worker(Press).hold());
    await cluster.waitUntil(() => running.size >= 7);
    endAll();
    await cluster.waitUntil(() => ends.length > 0 || running.size === 0);
    endAll();
    const counts = new Map<string, number>();
    for (const silo of await cluster.run(Promise.all(held)))
      counts.set(silo, (counts.get(silo) ?? 0) + 1);
    expect(counts.size).toBe(3);
  });

  it("runs so many calls of a silo at the same time, each in an instance of its own, and no more", async () => {
    const cluster = await start(1, [Press]);
    const held = Array.from({ length: 7 }, () => cluster.client.worker(Press).hold());
    await cluster.advance(100);
    expect([...running.values()]).toEqual([1, 1, 1]);
    const tooMany = cluster.client.worker(Press).hold();
    const refused = await cluster.run(tooMany.catch((thrown: unknown) => thrown));
    expect(refused).toMatchObject({ code: "OVERLOADED", ran: "no" });
    expect(String(refused)).toContain("4 calls of the stateless worker Press wait on silo");
    for (let round = 0; round < 3; round++) {
      endAll();
      await cluster.advance(50);
    }
    expect(await cluster.run(Promise.all(held))).toHaveLength(7);
    expect(mostAtOnce).toBe(3);
  });

  it("takes a call back that was given up", async () => {
    const cluster = await start(1, [Press]);
    const held = Array.from({ length: 3 }, () => cluster.client.worker(Press).hold());
    await cluster.advance(50);
    const abort = new AbortController();
    const waiting = cluster.client.worker(Press, { signal: abort.signal }).hold();
    await cluster.advance(50);
    abort.abort();
    const cancelled = await cluster.run(waiting.catch((thrown: unknown) => thrown));
    expect(cancelled).toMatchObject({ code: "CANCELLED" });
    await cluster.advance(50);
    endAll();
    await cluster.run(Promise.all(held));
    await cluster.advance(50);
    expect(running.size).toBe(0);
  });

  it("fails no call when a silo stops, and ends those that run there", async () => {
    const cluster = await start(3, [Mill]);
    const held = Array.from({ length: 9 }, () => cluster.client.worker(Mill).hold());
    await cluster.waitUntil(() => running.size >= 7);
    const [first] = cluster.silos;
    const stopping = first?.silo.stop() ?? Promise.resolve();
    const made = Array.from({ length: 40 }, () => cluster.client.worker(Mill).make());
    await cluster.advance(200);
    for (let round = 0; round < 4; round++) {
      endAll();
      await cluster.advance(100);
    }
    await cluster.run(stopping);
    await cluster.run(Promise.all([...held, ...made]));
    cluster.silos.splice(0, 1);
  });

  it("tells of a silo that was lost, and repeats only what may be repeated", async () => {
    const cluster = await start(2, [Press]);
    const once = Array.from({ length: 4 }, () => cluster.client.worker(Press).hold());
    const again = Array.from({ length: 2 }, () => cluster.client.worker(Press).holdAgain());
    await cluster.advance(100);
    const failures = once.map((call) => call.then(() => "done").catch(codeOf));
    cluster.silos[0]?.kill();
    await cluster.advance(6_000);
    for (let round = 0; round < 3; round++) {
      endAll();
      await cluster.advance(100);
    }
    const codes = await cluster.run(Promise.all(failures));
    expect(new Set(codes)).toEqual(new Set(["done", "SILO_LOST"]));
    await cluster.run(Promise.all(again));
  });

  it("is not called by an id, nor sent to, and an actor is not called as a worker", async () => {
    const cluster = await start(1, [Press, Shop]);
    expect(() => cluster.actor(Press, "one")).toThrow(
      /BAD_CONFIG.*Press is a stateless worker: it has no ids/,
    );
    expect(() => cluster.client.worker(Shop)).toThrow(/BAD_CONFIG.*Shop is no stateless worker/);
    const asActor = cluster.client.actor<Press>("Press", "one").make();
    await expect(cluster.run(asActor)).rejects.toThrow("call it by worker(Press)");
    const asWorker = cluster.client.worker<Shop>("Shop").print();
    await expect(cluster.run(asWorker)).rejects.toThrow("call it by actor(Shop, id)");
    const later = cluster.actor(Shop, "a").printLater();
    await expect(cluster.run(later)).rejects.toThrow("takes no durable sends");
    const nobody = cluster.client.worker("Nobody").make?.() ?? Promise.resolve();
    await expect(cluster.run(nobody)).rejects.toMatchObject({ code: "NO_SUCH_ACTOR_TYPE" });
  });

  it("is refused with anything that would have to be kept", async () => {
    @actor("Keeper", { statelessWorker: true })
    class Keeper extends Actor {
      @state() accessor kept = 0;

      @reminder("wake")
      async wake(): Promise<void> {}
    }
    const cluster = await start(1, [Press]);
    const error = await cluster.startSilo({ actors: [Keeper] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "BAD_DEFINITION" });
    expect(String(error)).toContain("a stateless worker keeps nothing, and has the slot kept");
    expect(String(error)).toContain("a stateless worker keeps nothing, and has the reminder wake");
  });
});

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}
