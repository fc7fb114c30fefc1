import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { defineWorkflow, event, workflow } from "./index.ts";

const steps: string[] = [];

const Order = defineWorkflow({
  name: "Order",
  events: { go: event<number>() },
  async run(ctx) {
    const left = await ctx.actor(Account, "a").withdraw(1);
    const charged = await ctx.run("charge", () => steps.push("charge"));
    await ctx.sleep("1m");
    const go = [await ctx.event("go"), await ctx.event("go")];
    await ctx.run("ship", () => steps.push("ship"));
    return { left, charged, go };
  },
});

async function start(): Promise<TestCluster> {
  steps.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Order] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

it("lets a suspended run wait, and applies what came meanwhile in order", async () => {
  const cluster = await start();
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  await cluster.run(order.suspend());
  const { episodes } = await cluster.run(order.status());
  await cluster.run(order.send("go", 1));
  await cluster.run(order.send("go", 2));
  await cluster.advance(200_000);
  expect(await cluster.run(order.status())).toMatchObject({ state: "suspended", episodes });
  const [silo] = cluster.silos;
  silo?.kill();
  await cluster.startSilo();
  await cluster.advance(20_000);
  expect(await cluster.run(order.status())).toMatchObject({ state: "suspended" });
  await cluster.run(order.resume());
  expect(await cluster.run(order.result())).toEqual({ left: 99, charged: 1, go: [1, 2] });
  expect(steps).toEqual(["charge", "ship"]);
});

it("fires no timer of a suspended run, also if its code is in memory", async () => {
  const cluster = await start();
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  await cluster.advance(59_000);
  await cluster.run(order.status());
  await cluster.run(order.suspend());
  const { episodes } = await cluster.run(order.status());
  for (let count = 0; count < 10; count++) {
    // oxlint-disable-next-line no-await-in-loop -- it stays in memory.
    await cluster.advance(1_000);
    // oxlint-disable-next-line no-await-in-loop -- as above.
    expect(await cluster.run(order.status())).toMatchObject({ state: "suspended", episodes });
  }
});

it("suspends a run twice, resumes it twice, and not after its end", async () => {
  const cluster = await start();
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  for (const act of ["suspend", "suspend", "resume", "resume"] as const)
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    await cluster.run(order[act]());
  expect(await cluster.run(order.status())).toMatchObject({ state: "running" });
  await cluster.run(order.suspend());
  await cluster.run(order.terminate("over"));
  expect(await cluster.run(order.status())).toMatchObject({ state: "terminated" });
  await expect(cluster.run(order.resume())).rejects.toMatchObject({ code: "WORKFLOW_ENDED" });
});

it("shows the history of a run", async () => {
  const cluster = await start();
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  await cluster.advance(100);
  const read = async (from?: number): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { input, commands } of order.history(from))
      seen.push(`${input.kind}: ${commands.map(({ kind }) => kind).join(" ")}`);
    return seen;
  };
  expect(await cluster.run(read())).toEqual(["started: ask", "outcome: run", "outcome: timer"]);
  expect(await cluster.run(read(2))).toEqual(["outcome: timer"]);
});
