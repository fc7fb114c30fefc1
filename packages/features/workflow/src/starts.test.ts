import { MemoryStateStore } from "@troupe/memory";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { storedRun } from "./actor/testing/stored-run.ts";
import { defineWorkflow, event, workflow, WorkflowCancelled } from "./index.ts";

const HOUR_MS = 3_600_000;
const steps: string[] = [];

const Order = defineWorkflow({
  name: "Order",
  events: { go: event<string>() },
  async run(ctx, input: { readonly item: string }) {
    const left = await ctx.actor(Account, "a").withdraw(1);
    await ctx.run("pack", ({ key }) => steps.push(key));
    const child = ctx.child(Ship, `${ctx.id}/ship`);
    const go = await ctx.event("go");
    if (go === "fail") throw new RangeError("on purpose");
    return [input.item, left, go, await Promise.race([child, ctx.sleep("1s")])];
  },
});

const Ship = defineWorkflow({
  name: "Ship",
  run: async (ctx) => await ctx.sleep("1d"),
});

async function start(silos = 1): Promise<TestCluster> {
  steps.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Order, Ship], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

const orderOf = (cluster: TestCluster, id = "o") => workflow(cluster.client, Order, id);
const shipOf = (cluster: TestCluster, id = "o") => workflow(cluster.client, Ship, `${id}/ship`);

describe("a start of a run that is there", () => {
  it("is refused with both digests, since when, and how the run stands", async () => {
    const cluster = await start();
    const order = orderOf(cluster);
    await cluster.run(order.start({ item: "a" }));
    const message = expect.stringMatching(
      /Order\/o was started at 2.*Z with another input \([0-9a-f]{16}, now [0-9a-f]{16}\), and is running/,
    );
    await expect(cluster.run(order.start({ item: "b" }))).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message,
    });
    const same = order.start({ item: "a" }, { ifExists: "fail" });
    await expect(cluster.run(same)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await cluster.run(order.start({ item: "a" }))).toMatchObject({ isNew: false });
  });

  it("begins anew with restart, if the run has ended", async () => {
    const cluster = await start();
    const order = orderOf(cluster);
    const ifExists = "restart";
    await cluster.run(order.start({ item: "a" }, { ifExists }));
    expect(await cluster.run(order.start({ item: "a" }, { ifExists }))).toMatchObject({
      isNew: false,
    });
    const other = order.start({ item: "b" }, { ifExists });
    await expect(cluster.run(other)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await cluster.run(order.terminate());
    await cluster.run(
      shipOf(cluster)
        .purge()
        .catch(() => undefined),
    );
    expect(await cluster.run(order.start({ item: "b" }, { ifExists }))).toMatchObject({
      isNew: true,
    });
    await cluster.run(order.send("go", "now"));
    expect(await cluster.run(order.status())).toMatchObject({ state: "running" });
  });

  it("takes the place of an open run with replace, whose children are told", async () => {
    const cluster = await start();
    const order = orderOf(cluster);
    await cluster.run(order.start({ item: "a" }));
    await cluster.run(order.send("go", "unheard"));
    await cluster.run(order.start({ item: "b" }, { ifExists: "replace" }));
    await cluster.advance(100);
    expect(await cluster.run(shipOf(cluster).status())).toMatchObject({ state: "cancelled" });
    const { episodes } = await cluster.run(
      storedRun(new MemoryStateStore(cluster.states), { type: "Order", id: "o" }),
    );
    expect(episodes[0]?.input).toMatchObject({ kind: "started", input: { item: "b" } });
    expect(episodes.filter(({ input }) => input.kind === "started")).toHaveLength(1);
  });

  it.each(Array.from({ length: 12 }, (_, n) => n * 3))(
    "has one run at a time also if the owner is lost %s ms after a replace",
    async (afterMs) => {
      const cluster = await start(3);
      const order = orderOf(cluster);
      await cluster.run(order.start({ item: "a" }));
      await cluster.advance(50);
      await cluster.run(order.start({ item: "b" }, { ifExists: "replace" }));
      await cluster.advance(afterMs);
      cluster.silos.find(({ silo }) => (silo.snapshot().activationsByType.Order ?? 0) > 0)?.kill();
      await cluster.advance(20_000);
      await cluster.run(order.send("go", "now"));
      // The id of its child is taken.
      await expect(cluster.run(order.result())).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      const { movements } = await cluster.run(cluster.actor(Account, "a").read());
      expect(movements).toEqual([-1, -1]);
      expect(new Set(steps).size).toBe(2);
    },
  );
});

describe("a start", () => {
  it("gives tags, and an event that is there from the beginning", async () => {
    const cluster = await start();
    const order = orderOf(cluster);
    const tags = { customer: "alice" };
    await cluster.run(order.start({ item: "a" }, { tags, send: { event: "go", data: "early" } }));
    expect(await cluster.run(order.result())).toEqual(["a", 99, "early", undefined]);
    expect(await cluster.run(order.status())).toMatchObject({ tags });
  });

  it("can be for later, also if no silo is up meanwhile, and is cancelled before", async () => {
    const cluster = await start();
    const order = orderOf(cluster);
    const other = orderOf(cluster, "other");
    await cluster.run(order.start({ item: "a" }, { at: "1h" }));
    await cluster.run(other.start({ item: "a" }, { at: new Date(cluster.clock.now() + HOUR_MS) }));
    await cluster.run(other.cancel("no"));
    await expect(cluster.run(other.result())).rejects.toMatchObject({ reason: "no" });
    await cluster.advance(60_000);
    expect(await cluster.run(order.status())).toMatchObject({ episodes: 1, state: "running" });
    cluster.silos[0]?.kill();
    cluster.clock.jumpWall(HOUR_MS);
    await cluster.startSilo();
    await cluster.advance(20_000);
    expect(steps).toHaveLength(1);
  });

  it("says when the run is cancelled, also if it continues or is blocked by a lost silo", async () => {
    const cluster = await start(2);
    const order = orderOf(cluster);
    await cluster.run(order.start({ item: "a" }, { timeout: "1h" }));
    await cluster.advance(60_000);
    cluster.silos[0]?.kill();
    cluster.clock.jumpWall(HOUR_MS);
    await cluster.advance(20_000);
    await expect(cluster.run(order.result())).rejects.toThrow(WorkflowCancelled);
    await expect(cluster.run(order.result())).rejects.toMatchObject({
      reason: "its time is over",
    });
  });

  it("is refused with what is wrong in its options", async () => {
    const cluster = await start();
    const order = orderOf(cluster);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`t${n}`, ""]));
    const wrong: [object, string][] = [
      [{ ifExists: "maybe" }, "BAD_INPUT"],
      [{ tags: many }, "BAD_INPUT"],
      [{ tags: { a: 1 } }, "BAD_INPUT"],
      [{ timeout: "soon" }, "BAD_SCHEDULE"],
      [{ at: new Date(Number.NaN) }, "BAD_SCHEDULE"],
      [{ send: { event: "stop" } }, "NO_SUCH_EVENT"],
    ];
    for (const [options, code] of wrong) {
      const refused = order.start({ item: "a" }, options);
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await expect(cluster.run(refused), JSON.stringify(options)).rejects.toMatchObject({ code });
    }
    await expect(cluster.run(order.status())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
  });
});

/** A cluster with a run that has failed after its step. */
async function failed(silos = 1): Promise<TestCluster> {
  const cluster = await start(silos);
  const order = orderOf(cluster);
  await cluster.run(order.start({ item: "a" }));
  await cluster.run(order.send("go", "fail"));
  await expect(cluster.run(order.result())).rejects.toThrow("on purpose");
  return cluster;
}

describe("a run that has ended", () => {
  it("is run again from an episode, under another id and in its place", async () => {
    const cluster = await failed();
    const order = orderOf(cluster);
    const { episodes } = await cluster.run(order.status());
    const again = orderOf(cluster, "again");
    expect(await cluster.run(order.rerun({ from: episodes - 1, id: "again" }))).toEqual({
      id: "again",
      isNew: true,
    });
    await cluster.run(again.send("go", "well"));
    await cluster.advance(5_000);
    // The child was there, so the second one is refused; nothing before it was done again.
    await expect(cluster.run(again.result())).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(steps).toHaveLength(1);
    await cluster.run(shipOf(cluster).purge());
    await cluster.run(order.rerun({ from: 1 }));
    await cluster.run(order.send("go", "well"));
    expect(await cluster.run(order.result())).toEqual(["a", 98, "well", undefined]);
    expect(new Set(steps).size).toBe(2);
  });

  it.each([0, 3, 6, 9, 12, 20])(
    "is run again once though the owner is lost %s ms later",
    async (afterMs) => {
      const cluster = await failed(3);
      const order = orderOf(cluster);
      await cluster.run(shipOf(cluster).purge());
      await cluster.run(order.rerun({ from: 1 }));
      await cluster.advance(afterMs);
      cluster.silos.find(({ silo }) => (silo.snapshot().activationsByType.Order ?? 0) > 0)?.kill();
      await cluster.advance(20_000);
      await cluster.run(order.send("go", "well"));
      expect(await cluster.run(order.result())).toEqual(["a", 98, "well", undefined]);
      const { movements } = await cluster.run(cluster.actor(Account, "a").read());
      expect(movements).toEqual([-1, -1]);
    },
  );

  it("is purged, and then its id is free", async () => {
    const cluster = await failed();
    const order = orderOf(cluster);
    await cluster.run(order.purge());
    await expect(cluster.run(order.status())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
    await expect(cluster.run(order.purge())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
    expect(await cluster.run(order.start({ item: "b" }))).toMatchObject({ isNew: true });
  });

  it("is what a rerun and a purge need, and a rerun needs an episode and a free id", async () => {
    const cluster = await failed();
    const order = orderOf(cluster);
    const open = orderOf(cluster, "open");
    await cluster.run(open.start({ item: "a" }));
    const message = expect.stringContaining("terminate it first");
    const refusal = { code: "WORKFLOW_OPEN", message };
    await expect(cluster.run(open.purge())).rejects.toMatchObject(refusal);
    await expect(cluster.run(open.rerun({ from: 1 }))).rejects.toMatchObject(refusal);
    const taken = order.rerun({ from: 1, id: "open" });
    await expect(cluster.run(taken)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    for (const from of [0, 1.5, 99]) {
      const unknown = order.rerun({ from });
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await expect(cluster.run(unknown)).rejects.toMatchObject({
        code: "BAD_INPUT",
        message: expect.stringMatching(/from 1 to \d/),
      });
    }
    const nobody = orderOf(cluster, "nobody").rerun({ from: 1 });
    await expect(cluster.run(nobody)).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
  });
});
