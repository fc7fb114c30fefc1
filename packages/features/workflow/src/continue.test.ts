import { MemoryStateStore } from "@troupe/memory";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { storedRun } from "./actor/testing/stored-run.ts";
import { defineWorkflow, event, workflow } from "./index.ts";

const keys: string[] = [];

const Counter = defineWorkflow({
  name: "Counter",
  events: { add: event<number>() },
  async run(ctx, input: { total: number; rounds: number; at?: number }): Promise<number> {
    if (input.at !== undefined && ctx.now() < input.at) throw new Error("time went back");
    const by = await ctx.event("add");
    await ctx.run("note", ({ key }) => keys.push(key));
    await ctx.actor(Account, "a").deposit(by);
    const total = input.total + by;
    // Nobody waits for it: it is withdrawn when the run begins anew.
    void ctx.sleep("1d");
    if (input.rounds === 1) return total;
    return ctx.continueWith({ total, rounds: input.rounds - 1, at: ctx.now() });
  },
});

async function start(silos: number): Promise<TestCluster> {
  keys.length = 0;
  const cluster = await TestCluster.start({
    actors: [Account, Counter, Hasty, Paired, Stepping],
    silos,
  });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

/** Begins anew while one step is under way. */
const Stepping = defineWorkflow({
  name: "Stepping",
  async run(ctx, round: number): Promise<unknown> {
    const slow = ctx.run("slow", async ({ signal }) => {
      if (round === 1) return "second";
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return "first";
    });
    if (round === 1) return await slow;
    await ctx.sleep(50);
    return ctx.continueWith(1);
  },
});

/** Begins anew after two events. */
const Paired = defineWorkflow({
  name: "Paired",
  events: { add: event<number>() },
  async run(ctx, seen: readonly number[]): Promise<readonly number[]> {
    const now = [...seen, await ctx.event("add"), await ctx.event("add")];
    return now.length < 4 ? ctx.continueWith(now) : now;
  },
});

const Hasty = defineWorkflow({
  name: "Hasty",
  run: async (ctx) => ctx.continueWith(1),
});

describe("a run that continues with another input", () => {
  it("leaves nothing behind of turns that were stored together with the new beginning", async () => {
    const cluster = await start(1);
    const [silo] = cluster.silos;
    const paired = workflow(cluster.client, Paired, "p");
    // It is active from now on, so that only its commits are held up.
    await expect(cluster.run(paired.status())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
    const hold = silo?.stores.hold();
    const started = paired.start([]);
    await cluster.advance(10);
    // The start is on its way to the store, and what comes now is stored together.
    const sent = [1, 2, 3].map((by) => paired.send("add", by));
    await cluster.advance(10);
    hold?.release();
    await cluster.run(Promise.all([started, ...sent]));
    silo?.kill();
    await cluster.startSilo();
    await cluster.run(paired.send("add", 4));
    expect(await cluster.run(paired.result())).toEqual([1, 2, 3, 4]);
  });

  it("keeps its id and the events that nobody took, and drops its history", async () => {
    const cluster = await start(1);
    const counter = workflow(cluster.client, Counter, "c");
    const input = { total: 0, rounds: 5 };
    await cluster.run(counter.start(input));
    for (let by = 1; by <= 5; by++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await cluster.run(counter.send("add", by));
    }
    expect(await cluster.run(counter.result())).toBe(15);
    expect(new Set(keys).size).toBe(5);
    const store = new MemoryStateStore(cluster.states);
    const { episodes } = await cluster.run(storedRun(store, { type: "Counter", id: "c" }));
    expect(episodes.length).toBeLessThan(6);
    expect(await cluster.run(counter.start(input))).toMatchObject({ isNew: false });
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { input: one } of counter.history()) seen.push(one.kind);
    };
    await cluster.run(read());
    expect(seen).toEqual(episodes.map(({ input: one }) => one.kind));
  });

  it.each(Array.from({ length: 12 }, (_, index) => 1 + index * 3))(
    "goes on by itself if its silo is lost after %s ms",
    async (afterMs) => {
      const cluster = await start(2);
      const counter = workflow(cluster.client, Counter, "c");
      await cluster.run(counter.start({ total: 0, rounds: 6 }));
      const sends = Array.from({ length: 6 }, (_, by) => counter.send("add", by));
      await cluster.run(Promise.all(sends));
      await cluster.advance(afterMs);
      const owner = cluster.silos.find(
        ({ silo }) => (silo.snapshot().activationsByType.Counter ?? 0) > 0,
      );
      owner?.kill();
      await cluster.advance(10_000);
      expect(await cluster.run(counter.result())).toBe(15);
      const { movements } = await cluster.run(cluster.actor(Account, "a").read());
      expect(new Set(movements)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
      expect(movements).toHaveLength(6);
    },
  );

  it("takes no outcome of a step that began before", async () => {
    const cluster = await start(1);
    const stepping = workflow(cluster.client, Stepping, "s");
    await cluster.run(stepping.start(0));
    expect(await cluster.run(stepping.result())).toBe("second");
  });

  it("has to wait for something first", async () => {
    const cluster = await start(1);
    const hasty = workflow(cluster.client, Hasty, "h");
    await cluster.run(hasty.start());
    await expect(cluster.run(hasty.result())).rejects.toMatchObject({ code: "CONTEXT_MISUSE" });
  });
});
