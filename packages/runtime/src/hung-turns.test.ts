import { Actor, actor, interleave, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

/** What the turns that never end wait for; a test may let them go on after all. */
let goOn: (() => void)[] = [];

const stuckForNow = (): Promise<void> =>
  new Promise<void>((resolve) => {
    goOn.push(resolve);
  });

@actor("Log")
class Log extends Actor {
  @state() accessor lines = 0;

  async write(): Promise<number> {
    return ++this.lines;
  }

  async read(): Promise<number> {
    return this.lines;
  }
}

@actor("Stuck", { callTimeout: "1s" })
class Stuck extends Actor {
  @state() accessor halves = 0;

  async hang(): Promise<void> {
    this.halves++;
    await stuckForNow();
  }

  async hangThenAct(): Promise<string> {
    this.halves++;
    await stuckForNow();
    this.halves++;
    const called = await this.actor(Log, "l")
      .write()
      .catch((error: unknown) => String(error));
    try {
      this.send(Log, "l").write();
    } catch {
      return `${called} and no send`;
    }
    return `${called} and a send`;
  }

  @interleave() async hangBeside(): Promise<void> {
    this.halves++;
    await stuckForNow();
  }

  @interleave() async addBeside(): Promise<number> {
    return ++this.halves;
  }

  async slow(ms: number): Promise<string> {
    await new Promise<void>((resolve) => {
      clock.schedule(ms, resolve);
    });
    return "done";
  }

  async read(): Promise<number> {
    return this.halves;
  }
}

let { clock }: Pick<TestCluster, "clock"> = {} as TestCluster;

async function start(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Stuck, Log], silos });
  ({ clock } = cluster);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

beforeEach(() => {
  goOn = [];
});

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

it("stores nothing of a turn that never ends when its actor has to move without it", async () => {
  const cluster = await start(2);
  const stuck = cluster.actor(Stuck, "s");
  const hung = stuck.hang().catch((error: unknown) => error);
  await cluster.advance(100);
  const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
  if (owner === undefined) throw new Error("no silo has the actor");
  await cluster.stopSilo(owner);
  await cluster.run(hung);
  expect(await cluster.run(stuck.read())).toBe(0);
});

describe("a turn that never ends", () => {
  it("is given up after its time when somebody waits for it, and leaves no trace", async () => {
    const cluster = await start();
    const stuck = cluster.actor(Stuck, "s");
    expect(await cluster.run(failure(stuck.hang()))).toMatchObject({ code: "TIMEOUT" });
    await cluster.advance(1_000);
    expect(await cluster.run(stuck.read())).toBe(0);
  });

  it("also serves those that wait when it is found out, in their order", async () => {
    const cluster = await start();
    const stuck = cluster.actor(Stuck, "s", { timeout: "10s" });
    const hung = cluster.actor(Stuck, "s").hang().catch(String);
    const beside = stuck.addBeside();
    const others = Promise.all([stuck.read(), stuck.slow(1), stuck.read()]);
    expect(await cluster.run(hung)).toContain("TIMEOUT");
    // The first ran beside the hung turn, so that nobody can tell which of both changed what.
    await expect(cluster.run(beside)).rejects.toMatchObject({
      code: "TIMEOUT",
      ran: "maybe",
      message: expect.stringContaining("Stuck/s.hang() did not end in time"),
    });
    expect(await cluster.run(others)).toEqual([0, "done", 0]);
  });

  it("is named to whoever cannot wait for so long", async () => {
    const cluster = await start();
    const hung = cluster.actor(Stuck, "s").hang().catch(String);
    await cluster.advance(1_000);
    const error = await cluster.run(
      failure(cluster.actor(Stuck, "s", { timeout: "300ms" }).read()),
    );
    expect(error).toMatchObject({ code: "TIMEOUT", ran: "no" });
    expect(String(error)).toMatch(/it waited for hang\(\), which runs beyond its deadline/);
    await cluster.run(hung);
  });

  it("has no effect any more when it goes on after all", async () => {
    const cluster = await start();
    const stuck = cluster.actor(Stuck, "s");
    await cluster.run(failure(stuck.hangThenAct()));
    expect(await cluster.run(stuck.read())).toBe(0);
    for (const resolve of goOn) resolve();
    await cluster.advance(5_000);
    expect(await cluster.run(stuck.read())).toBe(0);
    expect(await cluster.run(cluster.actor(Log, "l").read())).toBe(0);
  });

  it("is left alone while nobody waits for it, and is stored if it ends", async () => {
    const cluster = await start();
    const stuck = cluster.actor(Stuck, "s");
    await cluster.run(failure(stuck.hang()));
    await cluster.advance(20_000);
    for (const resolve of goOn) resolve();
    expect(await cluster.run(stuck.read())).toBe(1);
  });

  it("is given up for those whose changes wait for it, too", async () => {
    const cluster = await start();
    const stuck = cluster.actor(Stuck, "s", { timeout: "10s" });
    const hung = cluster.actor(Stuck, "s").hangBeside().catch(String);
    await cluster.advance(10);
    await expect(cluster.run(stuck.addBeside())).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await cluster.run(stuck.addBeside())).toBe(1);
    await cluster.run(hung);
  });
});

describe("a turn that is slow", () => {
  it("has the time of its type, however short its caller's was", async () => {
    const cluster = await start();
    const slow = cluster.actor(Stuck, "s", { timeout: "50ms" }).slow(900).catch(String);
    await cluster.advance(10);
    expect(await cluster.run(cluster.actor(Stuck, "s").slow(1))).toBe("done");
    expect(await slow).toContain("TIMEOUT");
  });

  it("has the time of its caller if that is longer", async () => {
    const cluster = await start();
    const slow = cluster.actor(Stuck, "s", { timeout: "20s" }).slow(10_000);
    await cluster.advance(10);
    const other = cluster.actor(Stuck, "s", { timeout: "20s" }).read();
    expect(await cluster.run(slow)).toBe("done");
    expect(await cluster.run(other)).toBe(0);
  });
});
