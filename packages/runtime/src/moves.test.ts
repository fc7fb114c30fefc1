import { Actor, actor, type ActorRef, idempotent, readonly, state } from "@troupe/sdk";
import { type TestSilo, seededRandom, TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;
  /** The numbers of each caller's calls, in the order in which they ran. */
  @state() accessor heard = new Map<string, number[]>();
  activatedFor = 0;

  async increment(caller: string, number: number): Promise<number> {
    this.count++;
    const numbers = this.heard.get(caller) ?? [];
    numbers.push(number);
    this.heard.set(caller, numbers);
    return this.count;
  }

  @readonly() async read(): Promise<{ count: number; heard: Map<string, number[]> }> {
    return { count: this.count, heard: this.heard };
  }
}

/** Durable through nothing: it says which activation answers. */
@actor("Probe")
class Probe extends Actor {
  #calls = 0;

  async calls(): Promise<number> {
    return ++this.#calls;
  }

  @idempotent() async sure(): Promise<void> {
    this.#calls++;
  }
}

const IDS = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** Callers that call all the time, and what became of their calls. */
class Load {
  readonly acknowledged = new Map<string, number[]>();
  readonly unknown = new Map<string, number[]>();
  readonly failures: unknown[] = [];
  readonly #cluster: TestCluster;
  readonly #pauseMs: number;
  readonly #callers: Promise<void>[] = [];
  #stopped = false;

  constructor(cluster: TestCluster, pauseMs: number) {
    this.#cluster = cluster;
    this.#pauseMs = pauseMs;
  }

  /** Calls actors at random, `inFlight` calls at a time, without waiting between them. */
  start(caller: string, counterOf: (id: string) => ActorRef<Counter>, inFlight: number): void {
    this.#callers.push(this.#call(caller, counterOf, inFlight));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#cluster.run(Promise.all(this.#callers));
  }

  async #call(
    caller: string,
    counterOf: (id: string) => ActorRef<Counter>,
    inFlight: number,
  ): Promise<void> {
    const random = seededRandom(7);
    for (let number = 0; !this.#stopped;) {
      const round: Promise<void>[] = [];
      for (let count = 0; count < inFlight; count++) {
        const id = IDS[Math.floor(random.next() * IDS.length)] ?? "a";
        round.push(this.#one(`${id}<${caller}`, counterOf(id).increment(caller, number), number));
        number++;
      }
      await Promise.all(round);
      await new Promise<void>(
        (resolve) => void this.#cluster.clock.schedule(this.#pauseMs, resolve),
      );
    }
  }

  async #one(key: string, call: Promise<unknown>, number: number): Promise<void> {
    try {
      await call;
      push(this.acknowledged, key, number);
    } catch (error) {
      this.failures.push(error);
      if ((error as { ran?: string }).ran !== "no") push(this.unknown, key, number);
    }
  }

  /**
   * Everything acknowledged is there, nothing is there twice, nothing is there that did not run,
   * and each caller's order was kept.
   */
  async check(): Promise<void> {
    for (const id of IDS) {
      const { count, heard } = await this.#cluster.run(this.#cluster.actor(Counter, id).read());
      expect([...heard.values()].reduce((sum, numbers) => sum + numbers.length, 0)).toBe(count);
      for (const [caller, numbers] of heard) {
        expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
        const allowed = new Set([
          ...(this.acknowledged.get(`${id}<${caller}`) ?? []),
          ...(this.unknown.get(`${id}<${caller}`) ?? []),
        ]);
        expect(numbers.filter((number) => !allowed.has(number))).toEqual([]);
      }
      for (const [key, numbers] of this.acknowledged) {
        const [of, caller] = key.split("<");
        if (of !== id) continue;
        const kept = new Set(heard.get(caller ?? ""));
        expect(numbers.filter((number) => !kept.has(number))).toEqual([]);
      }
    }
  }
}

function push(lists: Map<string, number[]>, key: string, number: number): void {
  const list = lists.get(key) ?? [];
  list.push(number);
  lists.set(key, list);
}

async function start(silos: number, pauseMs = 1): Promise<{ cluster: TestCluster; load: Load }> {
  const cluster = await TestCluster.start({ actors: [Counter, Probe], silos });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  const load = new Load(cluster, pauseMs);
  load.start("client", (id) => cluster.actor(Counter, id), 6);
  return { cluster, load };
}

function siloAt(cluster: TestCluster, index: number): TestSilo {
  const silo = cluster.silos[index];
  if (silo === undefined) throw new Error(`there is no silo ${index}`);
  return silo;
}

describe("a cluster under load", () => {
  it("grows from one silo to three without a failed call, and keeps each caller's order", async () => {
    const { cluster, load } = await start(1);
    const { silo } = siloAt(cluster, 0);
    load.start("silo", (id) => silo.actor(Counter, id), 4);
    await cluster.advance(100);
    await cluster.startSilo();
    await cluster.advance(100);
    await cluster.startSilo();
    await cluster.advance(100);
    await load.stop();
    expect(load.failures).toEqual([]);
    await load.check();
    expect(cluster.silos.every((each) => each.silo.snapshot().activations > 0)).toBe(true);
  });

  it("replaces every silo, one after the other, without a failed call", async () => {
    const { cluster, load } = await start(3);
    await cluster.advance(50);
    for (let round = 0; round < 3; round++) {
      await cluster.startSilo();
      await cluster.advance(30);
      await cluster.stopSilo(siloAt(cluster, 0));
      await cluster.advance(30);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    await load.check();
  });

  it("shrinks to one silo without a failed call, two leaving at once", async () => {
    const { cluster, load } = await start(3);
    await cluster.advance(50);
    const leaving = [siloAt(cluster, 1), siloAt(cluster, 2)];
    await cluster.run(Promise.all(leaving.map(({ silo }) => silo.stop())));
    cluster.silos.splice(1, 2);
    await cluster.advance(50);
    await load.stop();
    expect(load.failures).toEqual([]);
    await load.check();
  });

  it("loses nothing acknowledged and doubles nothing when a silo is killed", async () => {
    const { cluster, load } = await start(3, 50);
    await cluster.advance(100);
    siloAt(cluster, 1).kill();
    await cluster.advance(200);
    await cluster.startSilo();
    await cluster.advance(200);
    siloAt(cluster, 0).kill();
    await cluster.advance(2_000);
    await load.stop();
    for (const error of load.failures)
      expect(error).toMatchObject({ code: "SILO_LOST", ran: "maybe" });
    await load.check();
  });

  it("loses nothing acknowledged when a silo that answers nobody keeps its lease to the end", async () => {
    const { cluster, load } = await start(3, 50);
    await cluster.advance(100);
    // It goes on by itself, and nobody can reach it or be reached by it.
    const lost = siloAt(cluster, 2);
    for (const { silo } of cluster.silos)
      if (silo !== lost.silo) cluster.network.cut(lost.silo.address, silo.address);
    lost.membership.cutOff();
    await cluster.advance(8_000);
    cluster.network.healAll();
    lost.membership.reconnect();
    await cluster.advance(5_000);
    await load.stop();
    await load.check();
  });

  it("leaves the activations of the silos that stay where they are, when one leaves", async () => {
    const { cluster, load } = await start(3);
    await load.stop();
    const probes = Array.from({ length: 60 }, (_, index) => cluster.actor(Probe, `${index}`));
    for (const probe of probes) await cluster.run(probe.calls());
    const before = cluster.silos.map(({ silo }) => silo.snapshot().activationsByType.Probe ?? 0);
    await cluster.stopSilo(siloAt(cluster, 0));
    const answers: number[] = [];
    for (const probe of probes) answers.push(await cluster.run(probe.calls()));
    expect(answers.filter((calls) => calls === 1).length).toBe(before[0]);
    expect(answers.filter((calls) => calls === 2).length).toBe(60 - (before[0] ?? 0));
  });

  it("retries an idempotent call through the death of its silo", async () => {
    const { cluster, load } = await start(2);
    await load.stop();
    const calls = Promise.all(
      Array.from({ length: 20 }, (_, index) => cluster.actor(Probe, `${index}`).sure()),
    );
    siloAt(cluster, 0).kill();
    await cluster.run(calls);
  });
});
