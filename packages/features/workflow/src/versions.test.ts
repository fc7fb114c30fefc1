import type { ActorType } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { defineWorkflow, event, workflow } from "./index.ts";

const events = { go: event<string>() };

const OrderV1 = defineWorkflow({
  name: "Order",
  version: 1,
  events,
  async run(ctx, rounds: number): Promise<unknown> {
    await ctx.run("first", () => "first");
    const go = await ctx.event("go");
    return rounds === 0 ? `one ${go}` : ctx.continueWith(rounds - 1);
  },
});

const OrderV2 = defineWorkflow({
  name: "Order",
  version: 2,
  versions: [OrderV1],
  events,
  async run(ctx, rounds: number): Promise<unknown> {
    await ctx.sleep(10 + rounds);
    return `two ${await ctx.event("go")}`;
  },
});

/** Does not have the first version any more. */
const OnlyV2 = defineWorkflow({
  name: "Order",
  version: 2,
  events,
  async run(ctx, rounds: number): Promise<unknown> {
    await ctx.sleep(10 + rounds);
    return `two ${await ctx.event("go")}`;
  },
});

/** The same version as `OrderV1` with a patch. */
const Patched = defineWorkflow({
  name: "Order",
  version: 1,
  patches: ["check"],
  events,
  async run(ctx, rounds: number): Promise<unknown> {
    await ctx.run("first", () => `first ${rounds}`);
    const seen: unknown[] = [];
    while (seen.length < 3) {
      // oxlint-disable-next-line no-await-in-loop -- one event after the other.
      const go = await ctx.event("go");
      // oxlint-disable-next-line no-await-in-loop -- as above.
      if (ctx.patched("check")) await ctx.run("check", () => "checked");
      seen.push([go, ctx.patched("check")]);
    }
    return seen;
  },
});

async function start(...orders: readonly ActorType[]): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  // oxlint-disable-next-line no-await-in-loop -- one after the other.
  for (const order of orders) await deploy(cluster, order);
  return cluster;
}

async function deploy(cluster: TestCluster, order: ActorType): Promise<void> {
  await cluster.startSilo({ actors: [Account, order] });
  await cluster.advance(1_000);
}

async function stopFirst(cluster: TestCluster, how: "kill" | "drain"): Promise<void> {
  const [first] = cluster.silos;
  if (first === undefined) throw new Error("there is a silo");
  if (how === "kill") first.kill();
  else await cluster.stopSilo(first);
  await cluster.advance(10_000);
}

const orderOf = (cluster: TestCluster, id = "o") => workflow(cluster.client, OrderV1, id);

describe("a run", () => {
  it("begins with the highest version that every silo has, and stays on it", async () => {
    const cluster = await start(OrderV1, OrderV2);
    const ids = Array.from({ length: 8 }, (_, index) => `o-${index}`);
    // oxlint-disable no-await-in-loop -- one after the other.
    for (const id of ids) {
      const order = orderOf(cluster, id);
      await cluster.run(order.start(0));
      expect(await cluster.run(order.status())).toMatchObject({ version: 1, state: "running" });
    }
    await stopFirst(cluster, "drain");
    const later = orderOf(cluster, "later");
    await cluster.run(later.start(0));
    expect(await cluster.run(later.status())).toMatchObject({ version: 2 });
    for (const id of [...ids, "later"]) {
      const order = orderOf(cluster, id);
      await cluster.run(order.send("go", id));
      expect(await cluster.run(order.result())).toBe(id === "later" ? "two later" : `one ${id}`);
    }
    // oxlint-enable no-await-in-loop
  });

  it("is blocked on a silo without its version, and goes on when one has it", async () => {
    const cluster = await start(OrderV1);
    const order = orderOf(cluster);
    await cluster.run(order.start(0));
    await cluster.advance(100);
    await stopFirst(cluster, "kill");
    await deploy(cluster, OnlyV2);
    await cluster.run(order.send("go", "early"));
    const { blocked, state } = await cluster.run(order.status());
    expect(state).toBe("blocked");
    expect(blocked).toMatchObject({ code: "VERSION_MISSING" });
    expect(blocked?.message).toMatch(
      /Order\/o began with version 1, and silo \S+ has version 2 only; version 1 is on: no silo/,
    );
    await deploy(cluster, OrderV2);
    await stopFirst(cluster, "drain");
    expect(await cluster.run(order.result())).toBe("one early");
  });

  it("takes the newest version when it continues with another input", async () => {
    const cluster = await start(OrderV1);
    const order = orderOf(cluster);
    await cluster.run(order.start(1));
    await deploy(cluster, OrderV2);
    await stopFirst(cluster, "drain");
    await cluster.run(order.send("go", "a"));
    await cluster.run(order.send("go", "b"));
    expect(await cluster.run(order.result())).toBe("two b");
  });
});

describe("a patch", () => {
  it.each(["kill", "drain"] as const)(
    "takes effect when every silo has it, and then stays, also after a %s",
    async (how) => {
      const cluster = await start(OrderV1, Patched);
      const ids = Array.from({ length: 6 }, (_, index) => `o-${index}`);
      const orders = ids.map((id) => orderOf(cluster, id));
      // oxlint-disable no-await-in-loop -- one after the other.
      for (const order of orders) await cluster.run(order.start(0));
      await stopFirst(cluster, "drain");
      await deploy(cluster, OrderV1);
      // Runs whose owner has the patch are told something while another silo does not have it.
      for (const order of orders) {
        await cluster.run(order.send("go", "one"));
        const { state } = await cluster.run(order.status());
        expect(["running", "completed"]).toContain(state);
      }
      await stopFirst(cluster, how === "kill" ? "kill" : "drain");
      await deploy(cluster, Patched);
      await stopFirst(cluster, "drain");
      await deploy(cluster, Patched);
      for (const order of orders) await cluster.run(order.send("go", "two").catch(() => undefined));
      await stopFirst(cluster, how);
      for (const order of orders)
        await cluster.run(order.send("go", "three").catch(() => undefined));
      const results = await cluster.run(Promise.all(orders.map((order) => order.result())));
      const patched = [
        ["one", false],
        ["two", true],
        ["three", true],
      ];
      // Those that had their first event where there was no patch have ended with it.
      for (const result of results) expect(["one one", patched]).toContainEqual(result);
      expect(results).toContainEqual(patched);
      // oxlint-enable no-await-in-loop
    },
  );

  it("has to be declared", async () => {
    const Typo = defineWorkflow({
      name: "Order",
      patches: ["check"],
      async run(ctx) {
        // @ts-expect-error -- no such patch.
        return ctx.patched("chek");
      },
    });
    const cluster = await start(Typo);
    const typo = workflow(cluster.client, Typo, "t");
    await cluster.run(typo.start());
    await expect(cluster.run(typo.result())).rejects.toMatchObject({
      code: "BAD_DEFINITION",
      message: expect.stringContaining("there are: check"),
    });
  });
});

const run = async () => undefined;

it("refuses versions and patches that cannot be", () => {
  const other = defineWorkflow({ name: "Other", run });
  const define = (more: object) => () => defineWorkflow({ name: "Order", run, ...more });
  expect(define({ version: 0 })).toThrow(/version 0; give a whole number/);
  expect(define({ patches: [""] })).toThrow(/the patch ""/);
  expect(define({ version: 2, versions: [other] })).toThrow(/"Other" among its versions/);
  expect(define({ version: 1, versions: [OrderV1] })).toThrow(/version 1 twice/);
  expect(define({ version: 3, versions: [OrderV2, OrderV1] })).not.toThrow();
});
