import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

const woken: string[] = [];

@actor("Counter", { idleAfter: "1m" })
class Counter extends Actor {
  @state() accessor count = 0;

  override onActivate(): void {
    woken.push(this.id);
  }

  async increment(): Promise<number> {
    return ++this.count;
  }

  async end(): Promise<void> {
    this.deactivate();
  }

  async peek(id: string): Promise<number> {
    return this.actor(Counter, id, { ifActive: true }).increment();
  }
}

@actor("Resize", { statelessWorker: true })
class Resize extends Actor {
  async run(): Promise<void> {}
}

async function start(silos = 1): Promise<TestCluster> {
  woken.length = 0;
  const cluster = await TestCluster.start({ actors: [Counter, Resize], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

const IF_ACTIVE = { ifActive: true } as const;
const NOT_ACTIVE = { code: "NOT_ACTIVE", ran: "no", retryable: false };

describe("a call that is not to wake its actor", () => {
  it("runs if the actor is active, and fails without waking it if it is not", async () => {
    const cluster = await start(3);
    for (const from of [cluster.client, ...cluster.silos.map(({ silo }) => silo)]) {
      const id = `counter ${woken.length}`;
      const quiet = from.actor(Counter, id, IF_ACTIVE);
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other.
      await expect(cluster.run(quiet.increment())).rejects.toMatchObject(NOT_ACTIVE);
      expect(woken).not.toContain(id);
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other.
      expect(await cluster.run(from.actor(Counter, id).increment())).toBe(1);
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other.
      expect(await cluster.run(quiet.increment())).toBe(2);
    }
  });

  it("says so in a message that names the actor and the way out", async () => {
    const cluster = await start();
    const quiet = cluster.client.actor("Counter", "a", IF_ACTIVE);
    await expect(cluster.run(quiet["increment"]?.() ?? Promise.resolve())).rejects.toThrow(
      "[NOT_ACTIVE] Counter/a is not active, and increment() was not to wake it; leave ifActive out to wake it",
    );
  });

  it("fails once the actor was idle for long", async () => {
    const cluster = await start();
    await cluster.run(cluster.actor(Counter, "a").increment());
    await cluster.advance(3 * 60_000);
    const quiet = cluster.actor(Counter, "a", IF_ACTIVE);
    await expect(cluster.run(quiet.increment())).rejects.toMatchObject(NOT_ACTIVE);
    expect(woken).toEqual(["a"]);
  });

  it("made in a turn, does the same", async () => {
    const cluster = await start(2);
    const quiet = cluster.run(cluster.actor(Counter, "a").peek("b"));
    await expect(quiet).rejects.toMatchObject({ code: "NOT_ACTIVE", ran: "yes" });
    await cluster.run(cluster.actor(Counter, "b").increment());
    expect(await cluster.run(cluster.actor(Counter, "a").peek("b"))).toBe(2);
  });

  it("waits with those before it while an activation ends, and wakes no other one", async () => {
    const cluster = await start();
    const loud = cluster.actor(Counter, "a");
    await cluster.run(loud.increment());
    const ending = loud.end();
    const quiet = cluster.actor(Counter, "a", IF_ACTIVE).increment();
    await cluster.run(ending);
    const outcome = await cluster.run(quiet.catch((error: unknown) => error));
    expect(outcome === 2 || (outcome as { code: string }).code === "NOT_ACTIVE").toBe(true);
    expect(woken).toEqual(["a"]);
  });

  it("never wakes an actor that moves, while silos come and go", async () => {
    const cluster = await start(2);
    const ids = Array.from({ length: 40 }, (_, at) => `c${at}`);
    await cluster.run(Promise.all(ids.map((id) => cluster.actor(Counter, id).increment())));
    expect(woken).toHaveLength(40);
    const joining = cluster.joinSilo();
    const asked: Promise<unknown>[] = [];
    for (let round = 0; round < 20; round++) {
      for (const id of ids) {
        const quiet = cluster.actor(Counter, id, IF_ACTIVE);
        asked.push(quiet.increment().catch((error: unknown) => error));
      }
      // oxlint-disable-next-line no-await-in-loop -- calls are to come at every stage of the move.
      await cluster.advance(10);
    }
    await cluster.run(joining);
    const outcomes = await cluster.run(Promise.all(asked));
    const failures = outcomes.filter((outcome) => typeof outcome !== "number");
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toMatchObject(NOT_ACTIVE);
    expect(woken).toHaveLength(40);
    const counts = await cluster.run(
      Promise.all(ids.map((id) => cluster.actor(Counter, id).increment())),
    );
    const sum = counts.reduce((one, other) => one + other, 0);
    expect(sum).toBe(80 + outcomes.length - failures.length);
  });

  it("is refused for a stateless worker, and for a value that is not true or false", async () => {
    const cluster = await start();
    expect(() => cluster.client.worker(Resize, IF_ACTIVE)).toThrow(
      "[BAD_CONFIG] Resize is a stateless worker, and none of those is active for good",
    );
    const wrong = { ifActive: "yes" as unknown as boolean };
    expect(() => cluster.actor(Counter, "a", wrong)).toThrow(
      '[BAD_CONFIG] ifActive of Counter/a is "yes"; give true or false',
    );
  });
});
