import { type Clock, sleep } from "@troupe/core";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { defineActivity, defineWorkflow, workflow } from "./index.ts";

const world: { clock?: Clock } = {};
const attempts: string[] = [];
const running = { now: 0, most: 0, aborted: 0 };

const Resize = defineActivity({
  name: "Resize",
  on: { gpu: "true" },
  pool: 2,
  async run(input: { readonly name: string }, { key, attempt, signal }) {
    attempts.push(`${key} ${attempt}`);
    running.most = Math.max(running.most, ++running.now);
    signal.addEventListener("abort", () => running.aborted++);
    try {
      if (world.clock !== undefined) await sleep(world.clock, 30);
      if (input.name === "bad") throw new RangeError(`no image (attempt ${attempt})`);
      return { size: input.name.length };
    } finally {
      running.now--;
    }
  },
});

const Album = defineWorkflow({
  name: "Album",
  async run(ctx, names: readonly string[]) {
    const retry = { attempts: 3, first: "100ms" } as const;
    const sizes = await ctx.map(names, (name) => ctx.do(Resize, { name }, { retry }));
    expectTypeOf(sizes).toEqualTypeOf<{ size: number }[]>();
    return sizes.map(({ size }) => size);
  },
});

const Hasty = defineWorkflow({
  name: "Hasty",
  run: async (ctx) =>
    await ctx.do(Resize, { name: "slow" }, { timeout: 10, retry: { attempts: 1 } }),
});

async function start(workers = 1): Promise<TestCluster> {
  attempts.length = 0;
  Object.assign(running, { now: 0, most: 0, aborted: 0 });
  const cluster = await TestCluster.start({ actors: [Album, Hasty], silos: 1 });
  world.clock = cluster.clock;
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let count = 0; count < workers; count++)
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    await cluster.startSilo({ actors: [Resize], labels: { gpu: "true" } });
  return cluster;
}

describe("an activity", () => {
  it("runs on a silo that hosts it, and as many at a time as its pool has room for", async () => {
    const cluster = await start();
    const album = workflow(cluster.client, Album, "a");
    await cluster.run(album.start(["a", "bb", "ccc", "dddd", "eeeee"]));
    expect(await cluster.run(album.result())).toEqual([1, 2, 3, 4, 5]);
    expect(running.most).toBe(2);
    expect(attempts).toHaveLength(5);
  });

  it("is tried again under the same key, and fails the step by what it throws", async () => {
    const cluster = await start();
    const album = workflow(cluster.client, Album, "a");
    await cluster.run(album.start(["bad"]));
    await expect(cluster.run(album.result())).rejects.toThrow(
      new RangeError("no image (attempt 3)"),
    );
    expect(attempts.map((line) => line.slice(-1))).toEqual(["1", "2", "3"]);
    expect(new Set(attempts.map((line) => line.slice(0, -2))).size).toBe(1);
  });

  it.each([5, 15, 25, 35])(
    "is run again elsewhere if its silo is lost after %s ms",
    async (afterMs) => {
      const cluster = await start(2);
      const album = workflow(cluster.client, Album, "a");
      await cluster.run(album.start(["a", "bb", "ccc", "dddd"]));
      await cluster.advance(afterMs);
      cluster.silos[1]?.kill();
      await cluster.advance(20_000);
      expect(await cluster.run(album.result())).toEqual([1, 2, 3, 4]);
      expect(new Set(attempts.map((line) => line.split(" ")[0])).size).toBe(4);
    },
  );

  it("has its signal aborted when the time of the step is over", async () => {
    const cluster = await start();
    const hasty = workflow(cluster.client, Hasty, "h");
    await cluster.run(hasty.start());
    await expect(cluster.run(hasty.result())).rejects.toMatchObject({ code: "TIMEOUT" });
    await cluster.advance(100);
    expect(running.aborted).toBe(1);
  });

  it("waits for a silo that hosts it, as its retry says", async () => {
    const cluster = await start(0);
    const album = workflow(cluster.client, Album, "a");
    await cluster.run(album.start(["a"]));
    await cluster.advance(1_000);
    await expect(cluster.run(album.result())).rejects.toMatchObject({
      code: "NO_SUCH_ACTOR_TYPE",
    });
  });

  it("has to be a function", () => {
    const given = { name: "Empty" } as unknown as Parameters<typeof defineActivity>[0];
    expect(() => defineActivity(given)).toThrow(/needs a function run/);
  });
});
