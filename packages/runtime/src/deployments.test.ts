import { inForceOf, type Logger, silentLogger } from "@troupe/core";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

class Base extends Actor {
  @state() accessor total = 0;

  async add(amount: number): Promise<number> {
    this.total += amount;
    return this.total;
  }

  @readonly()
  async release(): Promise<string> {
    return "";
  }
}

@actor("Till")
class First extends Base {
  override async release(): Promise<string> {
    return "first";
  }

  async old(): Promise<string> {
    return "old";
  }
}

@actor("Till")
class Second extends Base {
  @state() accessor note = "none";

  override async release(): Promise<string> {
    return "second";
  }

  async fresh(): Promise<string> {
    return "fresh";
  }
}

/** The amounts are cents from here on. */
@actor("Till", { version: 2, migrate: ({ total }) => ({ total: Number(total) * 100 }) })
class Third extends Second {
  override async release(): Promise<string> {
    return "third";
  }
}

const TILLS = Array.from({ length: 20 }, (_, index) => `t${index}`);

async function start(silos: number): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [First], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (const id of TILLS) await cluster.run(cluster.actor(First, id).add(1));
  return cluster;
}

function oldSilos(cluster: TestCluster): TestSilo[] {
  return Array.from(cluster.silos);
}

/** The releases that answer for the tills. */
async function releases(cluster: TestCluster): Promise<string[]> {
  const answers = TILLS.map((id) => cluster.client.actor<Base>("Till", id).release());
  return [...new Set(await cluster.run(Promise.all(answers)))];
}

describe("a deployment", () => {
  it("comes into force when half of the silos run it, for all actors at once", async () => {
    const cluster = await start(2);
    await cluster.startSilo({ actors: [Second] });
    expect(await releases(cluster)).toEqual(["first"]);
    await cluster.startSilo({ actors: [Second] });
    await cluster.advance(100);
    expect(await releases(cluster)).toEqual(["second"]);
    const answers = TILLS.map((id) => cluster.actor(Second, id).add(1));
    expect(new Set(await cluster.run(Promise.all(answers)))).toEqual(new Set([2]));
  });

  it.each([
    ["first", 1],
    ["all", 3],
    [0.7, 5],
  ] as const)("comes into force at %s if so asked", async (switchAt, needed) => {
    const cluster = await start(2);
    const old = oldSilos(cluster);
    for (let started = 1; started <= needed; started++) {
      expect(await releases(cluster)).toEqual(["first"]);
      if (switchAt === "all" && started === needed)
        for (const silo of old) await cluster.stopSilo(silo);
      else await cluster.startSilo({ actors: [Second], deploy: { switchAt } });
      await cluster.advance(100);
    }
    expect(await releases(cluster)).toEqual(["second"]);
  });

  it("fails no call while silos are replaced one by one, there and back", async () => {
    const cluster = await start(3);
    let calls = 0;
    const over = new AbortController();
    const load = async (id: string): Promise<void> => {
      while (!over.signal.aborted) {
        await cluster.client.actor<Base>("Till", id).add(1);
        calls++;
        await new Promise<void>((resolve) => void cluster.clock.schedule(3, resolve));
      }
    };
    const loads = Promise.all(TILLS.map(load));
    for (const release of [Second, First]) {
      for (const silo of oldSilos(cluster)) {
        await cluster.stopSilo(silo);
        await cluster.startSilo({ actors: [release] });
        await cluster.advance(200);
      }
      expect(await releases(cluster)).toEqual([release === Second ? "second" : "first"]);
    }
    over.abort();
    await cluster.run(loads);
    const totals = TILLS.map((id) => cluster.actor(First, id).add(0));
    const sum = (await cluster.run(Promise.all(totals))).reduce((one, other) => one + other);
    expect(sum).toBe(calls + TILLS.length);
    expect(calls).toBeGreaterThan(1_000);
  });

  it("moves each actor once if the new silos are started before the old ones stop", async () => {
    const moves = new Map<string, number>();
    class Counted extends Base {
      override onActivate(): void {
        moves.set(this.id, (moves.get(this.id) ?? -1) + 1);
      }
    }
    @actor("Till")
    class Before extends Counted {}
    @actor("Till")
    class After extends Counted {
      async fresh(): Promise<void> {}
    }
    const cluster = await TestCluster.start({ actors: [Before], silos: 3 });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const touch = async (): Promise<void> => {
      await cluster.run(Promise.all(TILLS.map((id) => cluster.actor(Before, id).add(1))));
    };
    await touch();
    const old = oldSilos(cluster);
    for (let started = 0; started < 3; started++) {
      await cluster.startSilo({ actors: [After] });
      await touch();
    }
    for (const silo of old) {
      await cluster.stopSilo(silo);
      await touch();
    }
    expect(Math.max(...moves.values())).toBe(1);
  });

  it("says of a method of the definition that waits that another one is in force", async () => {
    const cluster = await start(2);
    const { silo } = await cluster.startSilo({ actors: [Second] });
    const call = cluster.actor(Second, "t1").fresh();
    const error = await cluster.run(call.catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: "NO_SUCH_METHOD", ran: "no", retryable: true });
    expect(String(error)).toContain(
      `Version 1 of Till is in force; another definition of it runs on ${silo.siloId}`,
    );
    expect(await cluster.run(cluster.actor(First, "t1").old())).toBe("old");
  });

  it("is not undone by old silos that crash and start again", async () => {
    const cluster = await start(2);
    for (let count = 0; count < 2; count++) await cluster.startSilo({ actors: [Second] });
    await cluster.advance(100);
    expect(await releases(cluster)).toEqual(["second"]);
    for (const silo of oldSilos(cluster).slice(0, 2)) {
      silo.kill();
      await cluster.startSilo();
      await cluster.advance(6_000);
      expect(await releases(cluster)).toEqual(["second"]);
    }
  });

  it("is undone when more than half of the silos went back, with the state that was stored", async () => {
    const cluster = await start(1);
    await cluster.startSilo({ actors: [Second] });
    await cluster.advance(100);
    await cluster.run(cluster.actor(Second, "t1").add(10));
    for (let count = 0; count < 3; count++) await cluster.startSilo();
    await cluster.advance(100);
    expect(await releases(cluster)).toEqual(["first"]);
    expect(await cluster.run(cluster.actor(First, "t1").add(0))).toBe(11);
  });

  it("takes over at once when the last silo of the definition in force dies", async () => {
    const cluster = await start(3);
    const old = oldSilos(cluster);
    await cluster.startSilo({ actors: [Second] });
    for (const silo of old) silo.kill();
    await cluster.advance(1_000);
    const call = cluster.actor(Second, "t1", { timeout: "20s" }).fresh();
    expect(await cluster.run(call)).toBe("fresh");
  });

  it("of a higher version migrates, and keeps the lower one out from then on", async () => {
    const cluster = await start(2);
    const old = oldSilos(cluster);
    for (let count = 0; count < 2; count++) await cluster.startSilo({ actors: [Third] });
    await cluster.advance(100);
    expect(await cluster.run(cluster.actor(Third, "t1").add(1))).toBe(101);
    expect(inForceOf(cluster.client.view, "Till")).toMatchObject({ version: 2, leastVersion: 2 });
    const refused = await cluster.startSilo().catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "BAD_DEFINITION" });
    for (const silo of old) await cluster.stopSilo(silo);
    expect(await releases(cluster)).toEqual(["third"]);
  });

  it("ends a silo that lost its lease and whose version cannot come back", async () => {
    const cluster = await start(2);
    const [outdated] = oldSilos(cluster);
    for (let count = 0; count < 2; count++) await cluster.startSilo({ actors: [Third] });
    await cluster.advance(100);
    await cluster.run(cluster.actor(Third, "t1").add(1));
    cluster.registry.evict(outdated?.silo.siloId ?? "");
    await cluster.run(outdated?.silo.stopped ?? Promise.resolve());
    expect(await releases(cluster)).toEqual(["third"]);
  });

  it("is said to be abandoned when the last silo leaves that may run it, and its calls say why they wait", async () => {
    const logged: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      child: () => logger,
      warn: (fields) => void logged.push(fields),
    };
    const cluster = await TestCluster.start({ actors: [First], silos: 2, logger });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const [third] = [await cluster.startSilo({ actors: [Third], deploy: { switchAt: "first" } })];
    await cluster.advance(100);
    await cluster.run(cluster.actor(Third, "t1").add(1));
    await cluster.stopSilo(third);
    expect(logged).toContainEqual({ event: "definition_abandoned", type: "Till" });
    const call = cluster.actor(First, "t1", { timeout: "2s" }).add(1);
    await expect(cluster.run(call)).rejects.toThrow(
      "no silo runs a definition of Till that may be in force",
    );
    await cluster.startSilo({ actors: [Third] });
    await cluster.advance(100);
    expect(await cluster.run(cluster.actor(Third, "t1").add(1))).toBe(2);
  });

  it("may be gone back from while none of its state was stored", async () => {
    const cluster = await start(1);
    for (let count = 0; count < 2; count++) await cluster.startSilo({ actors: [Third] });
    await cluster.advance(100);
    expect(inForceOf(cluster.client.view, "Till")).toMatchObject({ version: 2, leastVersion: 1 });
    for (let count = 0; count < 4; count++) await cluster.startSilo();
    await cluster.advance(100);
    expect(await releases(cluster)).toEqual(["first"]);
  });
});
