import { type Clock, sleep } from "@troupe/core";
import { MemoryStateStore } from "@troupe/memory";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { type StoredRun, storedRun } from "./actor/testing/stored-run.ts";
import { defineWorkflow, event, workflow, type WorkflowHandle } from "./index.ts";

/** What steps did, in order: the key of the step, and the attempt. */
const journal: { readonly key: string; readonly attempt: number }[] = [];
const world: { clock?: Clock } = {};

/** A step that takes 20 ms of the cluster's time. */
async function work({ key, attempt }: { key: string; attempt: number }): Promise<number> {
  journal.push({ key, attempt });
  if (world.clock !== undefined) await sleep(world.clock, 20);
  return journal.length;
}

const Move = defineWorkflow({
  name: "Move",
  events: { go: event<number>() },
  async run(ctx, amount: number) {
    const seen: unknown[] = [];
    seen.push(await ctx.run("prepare", work));
    seen.push(await ctx.actor(Account, "from").withdraw(amount));
    const [both, go] = await Promise.all([
      ctx.map(["a", "b", "c"], (name) => ctx.run(name, work)),
      ctx.event("go"),
    ]);
    seen.push(both, go);
    await ctx.sleep(30);
    seen.push(await ctx.actor(Account, "to").deposit(amount));
    ctx.send(Account, "fees").deposit(1);
    seen.push(await ctx.run("tell", work));
    return { seen, at: ctx.now(), chance: ctx.random() };
  },
});

/** After so long a silo that was killed is no member any more. */
const LEASE_MS = 5_000;

async function start(silos: number): Promise<TestCluster> {
  journal.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Move], silos });
  world.clock = cluster.clock;
  onTestFinished(async () => {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

function stored(cluster: TestCluster, id: string): Promise<StoredRun> {
  const store = new MemoryStateStore(cluster.states);
  return cluster.run(storedRun(store, { type: "Move", id }));
}

/** The silo on which something of the type is active. */
function ownerOf(cluster: TestCluster, type: string): TestSilo | undefined {
  return cluster.silos.find(({ silo }) => (silo.snapshot().activationsByType[type] ?? 0) > 0);
}

/** What has to hold of a run that has ended, whatever happened to it. */
async function checkEnd(
  cluster: TestCluster,
  move: WorkflowHandle<number, unknown, { go: ReturnType<typeof event<number>> }, unknown>,
): Promise<void> {
  const result = (await cluster.run(move.result())) as { seen: unknown[] };
  const run = await stored(cluster, move.id);
  // W1: each outcome once, and what the code saw is what is recorded.
  expect(new Set(run.outcomes).size).toBe(run.outcomes.length);
  const recorded = new Map(
    run.episodes.flatMap(({ input }) =>
      input.kind === "outcome" && input.settled.kind === "value"
        ? [[input.of, input.settled.value] as const]
        : [],
    ),
  );
  expect(result.seen[0]).toBe(recorded.get(0));
  expect(result.seen[2]).toEqual([2, 3, 4].map((number) => recorded.get(number)));
  // W6: each call of an actor took effect once, and all attempts of a step had one key.
  const account = async (id: string): Promise<number[]> =>
    (await cluster.run(cluster.actor(Account, id).read())).movements;
  expect(await account("from")).toEqual([-7]);
  expect(await account("to")).toEqual([7]);
  expect(await account("fees")).toEqual([1]);
  expect(new Set(journal.map(({ key }) => key)).size).toBe(5);
  expect(run.record?.awake).toBeUndefined();
}

describe("a run whose silo is lost", () => {
  it.each(Array.from({ length: 36 }, (_, index) => 1 + index * 6))(
    "goes on by itself and has each effect once, if that is after %s ms",
    async (afterMs) => {
      const cluster = await start(3);
      const move = workflow(cluster.client, Move, "m");
      await cluster.run(move.start(7));
      await cluster.run(move.send("go", 5));
      const asked = move.result();
      await cluster.advance(afterMs);
      ownerOf(cluster, "Move")?.kill();
      // Its lease, and what W4 allows.
      await cluster.advance(LEASE_MS + 2_000);
      expect((await stored(cluster, "m")).record?.endedAt).toBeGreaterThan(0);
      expect(await cluster.run(asked)).toEqual(await cluster.run(move.result()));
      await checkEnd(cluster, move);
    },
  );

  it("goes on also if all silos are lost", async () => {
    const cluster = await start(2);
    const move = workflow(cluster.client, Move, "m");
    await cluster.run(move.start(7));
    await cluster.advance(30);
    while (cluster.silos[0] !== undefined) cluster.silos[0].kill();
    await cluster.advance(60_000);
    await cluster.startSilo();
    await cluster.advance(10_000);
    await cluster.run(move.send("go", 5));
    await checkEnd(cluster, move);
  });

  it.each([10, 30, 50, 90, 130])(
    "has each effect once if the answers of the store were lost before, after %s ms",
    async (afterMs) => {
      const cluster = await start(2);
      const move = workflow(cluster.client, Move, "m");
      await cluster.run(move.start(7));
      await cluster.run(move.send("go", 5));
      await cluster.advance(afterMs);
      const owner = ownerOf(cluster, "Move");
      if (owner !== undefined) owner.stores.fault = "deaf";
      await cluster.advance(40);
      owner?.kill();
      await cluster.advance(60_000);
      await checkEnd(cluster, move);
    },
  );

  it("is not hurt by a store that is away for a while", async () => {
    const cluster = await start(2);
    const move = workflow(cluster.client, Move, "m");
    await cluster.run(move.start(7));
    await cluster.run(move.send("go", 5));
    await cluster.advance(30);
    for (const { stores } of cluster.silos) stores.fault = "away";
    await cluster.advance(3_000);
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster.advance(60_000);
    await checkEnd(cluster, move);
  });
});

describe("a run whose silo is drained", () => {
  it("runs no step twice", async () => {
    const cluster = await start(2);
    const move = workflow(cluster.client, Move, "m");
    await cluster.run(move.start(7));
    await cluster.run(move.send("go", 5));
    await cluster.advance(45);
    const owner = ownerOf(cluster, "Move");
    if (owner === undefined) throw new Error("nobody has the run");
    await cluster.stopSilo(owner);
    await cluster.advance(10_000);
    await checkEnd(cluster, move);
    expect(journal).toHaveLength(5);
  });
});

it("starts nothing before what led to it is stored", async () => {
  const cluster = await start(1);
  const move = workflow(cluster.client, Move, "m");
  // It is active from now on, so that only its commits are held up.
  await expect(cluster.run(move.status())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
  const hold = cluster.silos[0]?.stores.hold();
  const started = move.start(7);
  await cluster.advance(500);
  expect(ownerOf(cluster, "Move")).toBeDefined();
  expect(journal).toEqual([]);
  hold?.release();
  await cluster.run(started);
  await cluster.advance(1);
  expect(journal).toHaveLength(1);
});
