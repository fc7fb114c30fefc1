import { Actor, actor, defineActor, readonly, state } from "@troupe/sdk";
import { type TestSilo, TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** Turns that have begun, with the silo's own number of the activation. */
let begun: string[] = [];

@actor("Counter", { callTimeout: "20s" })
class Counter extends Actor {
  @state() accessor count = 0;

  async increment(): Promise<number> {
    begun.push(this.id);
    return ++this.count;
  }

  @readonly() async read(): Promise<number> {
    return this.count;
  }
}

/** It has nothing to store, so no store can stop it. */
@actor("Echo", { callTimeout: "20s" })
class Echo extends Actor {
  async echo(value: unknown): Promise<unknown> {
    begun.push(this.id);
    return value;
  }
}

async function start(silos: number, token?: string): Promise<TestCluster> {
  begun = [];
  const cluster = await TestCluster.start({
    actors: [Counter, Echo],
    silos,
    ...(token === undefined ? {} : { token }),
  });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

function siloAt(cluster: TestCluster, index: number): TestSilo {
  const silo = cluster.silos[index];
  if (silo === undefined) throw new Error(`there is no silo ${index}`);
  return silo;
}

async function errorOf(cluster: TestCluster, call: Promise<unknown>): Promise<unknown> {
  return await cluster.run(call.then(() => undefined).catch((error: unknown) => error));
}

describe("a silo that cannot reach the membership store", () => {
  it("goes on as long as its lease surely lives, and stands still after that", async () => {
    const cluster = await start(1);
    const { silo, membership } = siloAt(cluster, 0);
    const echo = cluster.actor(Echo, "e");
    await cluster.run(echo.echo(1));
    membership.cutOff();
    await cluster.advance(3_000);
    expect(await cluster.run(echo.echo(2))).toBe(2);
    await cluster.advance(1_500);
    expect(silo.snapshot().serving).toBe(false);
    const held = cluster.actor(Echo, "e", { timeout: 300 }).echo(3);
    expect(await errorOf(cluster, held)).toMatchObject({ code: "TIMEOUT", ran: "maybe" });
    expect(begun.length).toBe(2);
  });

  it("goes on where it was if its lease has lived on", async () => {
    const cluster = await start(1);
    const { silo, membership } = siloAt(cluster, 0);
    const { siloId } = silo;
    expect(await cluster.run(cluster.actor(Counter, "c").increment())).toBe(1);
    membership.cutOff();
    await cluster.advance(4_600);
    expect(silo.snapshot().serving).toBe(false);
    const held = cluster.actor(Counter, "c").increment();
    membership.reconnect();
    expect(await cluster.run(held)).toBe(2);
    expect(silo.siloId).toBe(siloId);
    expect(silo.snapshot().activations).toBe(1);
  });

  it("drops everything when its lease is gone, and joins anew under another id and the same address", async () => {
    const cluster = await start(2);
    const lost = siloAt(cluster, 0);
    const { siloId, address } = lost.silo;
    for (let id = 0; id < 20; id++) await cluster.run(cluster.actor(Counter, `${id}`).increment());
    lost.membership.cutOff();
    await cluster.advance(10_000);
    const others = siloAt(cluster, 1).silo.view.members.map((member) => member.siloId);
    expect(others).not.toContain(siloId);
    for (let id = 0; id < 20; id++)
      expect(await cluster.run(cluster.actor(Counter, `${id}`).increment())).toBe(2);
    lost.membership.reconnect();
    await cluster.waitUntil(
      () => lost.silo.siloId !== siloId && lost.silo.snapshot().state === "active",
    );
    expect(lost.silo.address).toBe(address);
    for (let id = 0; id < 20; id++)
      expect(await cluster.run(cluster.actor(Counter, `${id}`).increment())).toBe(3);
    await cluster.waitUntil(() => lost.silo.snapshot().activations > 0);
  });

  it("keeps the references that were made of it before, since they are good for ever", async () => {
    const cluster = await start(1);
    const { silo, membership } = siloAt(cluster, 0);
    const { siloId } = silo;
    const counter = silo.actor(Counter, "c");
    const untyped = silo.actor("Counter", "c");
    expect(await cluster.run(counter.increment())).toBe(1);
    membership.cutOff();
    await cluster.advance(10_000);
    membership.reconnect();
    await cluster.waitUntil(() => silo.siloId !== siloId && silo.snapshot().state === "active");
    expect(await cluster.run(counter.increment())).toBe(2);
    expect(await cluster.run(untyped.increment?.() ?? Promise.resolve())).toBe(3);
  });
});

describe("a store", () => {
  it("that is away fails durable calls with STORE_UNAVAILABLE, leaves others alone, and is used again when it is back", async () => {
    const cluster = await start(1);
    const { stores } = siloAt(cluster, 0);
    const counter = cluster.actor(Counter, "c");
    expect(await cluster.run(counter.increment())).toBe(1);
    stores.fault = "away";
    expect(await errorOf(cluster, counter.increment())).toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    expect(await errorOf(cluster, counter.increment())).toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "no",
    });
    expect(await errorOf(cluster, cluster.actor(Counter, "new").increment())).toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "no",
    });
    expect(await cluster.run(cluster.actor(Echo, "e").echo("here"))).toBe("here");
    stores.fault = "up";
    expect(await cluster.run(counter.increment())).toBe(2);
  });

  it("whose answers are lost leaves it unknown whether a call ran, and shows the truth afterwards", async () => {
    const cluster = await start(1);
    const { stores } = siloAt(cluster, 0);
    const counter = cluster.actor(Counter, "c");
    await cluster.run(counter.increment());
    stores.fault = "deaf";
    expect(await errorOf(cluster, counter.increment())).toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "maybe",
    });
    stores.fault = "up";
    expect(await cluster.run(counter.read())).toBe(2);
    expect(await cluster.run(counter.increment())).toBe(3);
  });

  it("that has another owner for the actor throws the activation away, and nothing of its turn is stored", async () => {
    const cluster = await start(1);
    const { silo } = siloAt(cluster, 0);
    const counter = cluster.actor(Counter, "c");
    await cluster.run(counter.increment());
    // As a silo of a newer view would.
    const claimed = cluster.states.claim(
      { type: "Counter", id: "c" },
      { revision: silo.view.revision, siloId: silo.siloId },
    );
    expect(claimed.kind).toBe("claimed");
    expect(await errorOf(cluster, counter.increment())).toMatchObject({ code: "FENCED" });
    expect(await cluster.run(counter.increment())).toBe(2);
  });
});

describe("a silo that starts", () => {
  it("is refused by a cluster of another name, and by one whose token it has not", async () => {
    const cluster = await start(1, "secret");
    for (const options of [{ cluster: "other" }, { token: "wrong" }]) {
      const failure: unknown = await cluster.startSilo(options).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "TroupeError" });
    }
    await cluster.advance(10_000);
    expect(cluster.client.view.members.length).toBe(1);
    await cluster.startSilo();
    expect(cluster.client.view.members.length).toBe(2);
  });

  it("is refused if its definition cannot take the place of another, and leaves nothing behind", async () => {
    const cluster = await start(1);
    class Other extends Actor {
      async increment(): Promise<number> {
        return 0;
      }
    }
    defineActor(Other, { name: "Counter", reentrancy: "none" });
    const failure: unknown = await cluster
      .startSilo({ actors: [Other] })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "BAD_DEFINITION" });
    expect(String(failure)).toContain("has Counter with reentrancy chain, and this silo with none");
    await cluster.advance(100);
    expect(cluster.client.view.members.length).toBe(1);
    expect(await cluster.run(cluster.actor(Counter, "c").increment())).toBe(1);
  });

  it("is refused on an address that is in use", async () => {
    const cluster = await start(1);
    const { address } = siloAt(cluster, 0).silo;
    const failure: unknown = await cluster
      .startSilo({ listen: address })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "BAD_CONFIG" });
    await cluster.advance(100);
    expect(cluster.client.view.members.length).toBe(1);
  });

  it("hosts only its own types", async () => {
    const cluster = await start(1);
    const [only] = [await cluster.startSilo({ actors: [Echo] })];
    for (let id = 0; id < 30; id++) await cluster.run(cluster.actor(Counter, `${id}`).increment());
    expect(only.silo.snapshot().activationsByType.Counter ?? 0).toBe(0);
    expect(siloAt(cluster, 0).silo.snapshot().activationsByType.Counter).toBe(30);
  });
});

describe("a silo that was killed", () => {
  it("is taken out of the cluster at once when its address refuses, and its actors go on elsewhere", async () => {
    const cluster = await start(3);
    for (let id = 0; id < 20; id++) await cluster.run(cluster.actor(Counter, `${id}`).increment());
    siloAt(cluster, 1).kill();
    const from = cluster.clock.monotonic();
    await cluster.waitUntil(() => cluster.client.view.members.length === 2);
    expect(cluster.clock.monotonic() - from).toBeLessThan(1_000);
    for (let id = 0; id < 20; id++)
      expect(await cluster.run(cluster.actor(Counter, `${id}`).increment())).toBe(2);
  });
});
