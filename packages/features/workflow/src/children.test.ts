import { type Clock, sleep } from "@troupe/core";
import { MemoryStateStore } from "@troupe/memory";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { storedRun } from "./actor/testing/stored-run.ts";
import { defineWorkflow, event, type OnParentEnd, workflow } from "./index.ts";

const world: { clock?: Clock } = {};
const undone: unknown[] = [];

const Ship = defineWorkflow({
  name: "Ship",
  events: { go: event() },
  async run(ctx, input: { readonly item: string; readonly waits?: boolean }) {
    if (input.item === "") throw new RangeError("nothing to ship");
    const number = await ctx.run("pack", async () => {
      if (world.clock !== undefined) await sleep(world.clock, 15);
      return 17;
    });
    await ctx.actor(Account, "packed").deposit(1);
    if (input.waits === true) await ctx.event("go");
    return { tracking: `${input.item} ${number}` };
  },
});

const Order = defineWorkflow({
  name: "Order",
  events: { stop: event() },
  async run(ctx, input: { readonly item: string; readonly waits?: boolean }) {
    const [shipped] = await Promise.all([
      ctx.child(Ship, `${ctx.id}/ship`, input, { undo: (result) => undone.push(result) }),
      ctx.sleep(10),
    ]);
    ctx.start(Ship, `${ctx.id}/later`, { item: "later" });
    if (input.item === "broken") throw new RangeError("too late");
    return shipped.tracking;
  },
});

/** Has a child that waits for ever, and ends in the way that it is told. */
const Guardian = defineWorkflow({
  name: "Guardian",
  events: { go: event<"return" | "throw" | "race" | "continue">() },
  async run(ctx, onParentEnd: OnParentEnd) {
    const child = ctx.child(Ship, `${ctx.id}/ship`, { item: "x", waits: true }, { onParentEnd });
    const how = await ctx.event("go");
    if (how === "throw") throw new RangeError("on purpose");
    if (how === "continue") return ctx.continueWith(onParentEnd);
    if (how === "return") return "returned";
    const { key } = await ctx.race({ child, time: ctx.sleep(10) });
    await ctx.sleep("1h");
    return key;
  },
});

async function start(silos = 1): Promise<TestCluster> {
  undone.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Ship, Order, Guardian], silos });
  world.clock = cluster.clock;
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

const packed = async (cluster: TestCluster): Promise<number> =>
  (await cluster.run(cluster.actor(Account, "packed").read())).movements.length;

describe("a child", () => {
  it("is started by its parent, which gets its result", async () => {
    const cluster = await start();
    const order = workflow(cluster.client, Order, "o");
    await cluster.run(order.start({ item: "book" }));
    expect(await cluster.run(order.result())).toBe("book 17");
    const later = workflow(cluster.client, Ship, "o/later");
    await cluster.advance(100);
    expect(await cluster.run(later.result())).toEqual({ tracking: "later 17" });
    expect(await packed(cluster)).toBe(2);
  });

  it("fails its parent by what it throws, and is undone if the parent fails later", async () => {
    const cluster = await start();
    const empty = workflow(cluster.client, Order, "e");
    await cluster.run(empty.start({ item: "" }));
    await expect(cluster.run(empty.result())).rejects.toThrow("nothing to ship");
    expect(undone).toEqual([]);
    const broken = workflow(cluster.client, Order, "b");
    await cluster.run(broken.start({ item: "broken" }));
    await expect(cluster.run(broken.result())).rejects.toThrow("too late");
    expect(undone).toEqual([{ tracking: "broken 17" }]);
  });

  it("that is stopped by somebody else fails its parent", async () => {
    const cluster = await start();
    const order = workflow(cluster.client, Order, "o");
    await cluster.run(order.start({ item: "book", waits: true }));
    await cluster.advance(100);
    await cluster.run(workflow(cluster.client, Ship, "o/ship").cancel("lost"));
    await expect(cluster.run(order.result())).rejects.toMatchObject({
      code: "WORKFLOW_ENDED",
      message: expect.stringContaining("Ship/o/ship was cancelled: lost"),
    });
  });

  it("has to have an id that is free", async () => {
    const cluster = await start();
    await cluster.run(workflow(cluster.client, Ship, "o/ship").start({ item: "first" }));
    const order = workflow(cluster.client, Order, "o");
    await cluster.run(order.start({ item: "first" }));
    await expect(cluster.run(order.result())).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await cluster.advance(100);
    expect(await packed(cluster)).toBe(1);
  });

  it.each([
    ["cancel", "cancelled"],
    ["terminate", "terminated"],
    ["abandon", "running"],
  ] as const)("follows onParentEnd %s, however its parent leaves it", async (policy, state) => {
    const cluster = await start();
    for (const how of ["return", "throw", "race", "cancel", "terminate"] as const) {
      const guardian = workflow(cluster.client, Guardian, how);
      // oxlint-disable no-await-in-loop -- one after the other.
      await cluster.run(guardian.start(policy));
      await cluster.advance(100);
      if (how === "cancel" || how === "terminate") await cluster.run(guardian[how]());
      else await cluster.run(guardian.send("go", how));
      await cluster.advance(100);
      const ship = workflow(cluster.client, Ship, `${how}/ship`);
      expect(await cluster.run(ship.status()), how).toMatchObject({ state });
      // oxlint-enable no-await-in-loop
    }
  });

  it("is left, and its id not free, when its parent continues with another input", async () => {
    const cluster = await start();
    const guardian = workflow(cluster.client, Guardian, "g");
    await cluster.run(guardian.start("cancel"));
    await cluster.run(guardian.send("go", "continue"));
    await cluster.advance(100);
    const ship = workflow(cluster.client, Ship, "g/ship");
    expect(await cluster.run(ship.status())).toMatchObject({ state: "cancelled" });
  });

  it("refuses what is wrong in the call", async () => {
    const Wrong = defineWorkflow({
      name: "Wrong",
      async run(ctx) {
        const codes: unknown[] = [];
        const note = (error: unknown): void => void codes.push((error as { code: string }).code);
        const onParentEnd = "kill" as "cancel";
        await ctx.child(Ship, "s", { item: "" }, { onParentEnd }).catch(note);
        await ctx.child(Ship, "", { item: "" }).catch(note);
        await ctx.child("Nobody", "s").catch(note);
        await ctx.child("Account", "s").catch(note);
        return codes;
      },
    });
    const cluster = await TestCluster.start({ actors: [Account, Ship, Wrong] });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const wrong = workflow(cluster.client, Wrong, "w");
    await cluster.run(wrong.start());
    expect(await cluster.run(wrong.result())).toEqual([
      "BAD_DEFINITION",
      "BAD_ACTOR_ID",
      "NO_SUCH_ACTOR_TYPE",
      "NO_SUCH_WORKFLOW",
    ]);
  });
});

/** The silo on which something of the type is active. */
const ownerOf = (cluster: TestCluster, type: string) =>
  cluster.silos.find(({ silo }) => (silo.snapshot().activationsByType[type] ?? 0) > 0);

describe("a parent and its child", () => {
  it.each(
    ["Order", "Ship"].flatMap((type) => Array.from({ length: 16 }, (_, n) => [type, 1 + n * 4])),
  )("have each effect once if the owner of the %s is lost after %s ms", async (type, afterMs) => {
    const cluster = await start(3);
    const order = workflow(cluster.client, Order, "o");
    await cluster.run(order.start({ item: "book" }));
    await cluster.advance(Number(afterMs));
    ownerOf(cluster, String(type))?.kill();
    await cluster.advance(20_000);
    expect(await cluster.run(order.result())).toBe("book 17");
    expect(await packed(cluster)).toBe(2);
    const store = new MemoryStateStore(cluster.states);
    for (const [of, id] of [
      ["Order", "o"],
      ["Ship", "o/ship"],
      ["Ship", "o/later"],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      const { outcomes, record } = await cluster.run(storedRun(store, { type: of, id }));
      expect(new Set(outcomes).size).toBe(outcomes.length);
      expect(record).toMatchObject({ endedAt: expect.any(Number) });
    }
  });
});
