import type { ActorDefinition } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { readFile } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { checkHistories, defineWorkflow, event, workflow } from "./index.ts";

const events = { go: event<Map<string, number>>() };

const Order = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.actor(Account, "a").withdraw(1);
    const go = await ctx.event("go", { timeout: "3d" });
    const waits = [
      ctx.sleep("1h"), // wait 1
      ctx
        .actor(Account, "a")
        .withdraw(1_000)
        .catch(() => ctx.sleep("2h")), // wait 2
      ctx.event("go"), // wait 3
    ];
    return [go?.get("x"), await Promise.all(waits)];
  },
});

const wrong = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.actor(Account, "a").withdraw(1);
    await ctx.sleep("1h"); // wrong
  },
});

const right = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.actor(Account, "a").withdraw(1);
    const go = await ctx.event("go", { timeout: "1d" });
    return go?.get("x");
  },
});

const later = defineWorkflow({
  name: "Order",
  version: 2,
  events,
  run: async (ctx) => ctx.sleep(1),
});

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.startSilo({ actors: [Account, Order] });
  return cluster;
}

/** The line of this file that has a mark, as places end with it. */
async function lineOf(mark: string): Promise<RegExp> {
  const lines = (await readFile(import.meta.filename, "utf8")).split("\n");
  const line = lines.findIndex((text) => text.endsWith(`// ${mark}`)) + 1;
  return new RegExp(String.raw`where\.test\.ts:${line}:\d+`);
}

it("says where the code of a run waits, and changes nothing by that", async () => {
  const cluster = await start();
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  await cluster.run(order.send("go", new Map([["x", 1]])));
  await cluster.advance(100);
  const before = await cluster.run(order.status());
  const { waits, problem } = await cluster.run(order.where());
  expect(problem).toBeUndefined();
  const what = waits.map((wait) => wait.what.replace(/until .*/, "until"));
  expect(what).toEqual(["sleep until", 'event "go"', "sleep until"]);
  expect(waits[0]?.place).toMatch(await lineOf("wait 1"));
  expect(waits[1]?.place).toMatch(await lineOf("wait 3"));
  expect(waits[2]?.place).toMatch(await lineOf("wait 2"));
  expect(waits.map(({ dueAt }) => dueAt !== undefined)).toEqual([true, false, true]);
  expect(await cluster.run(order.status())).toEqual(before);
  await cluster.run(order.terminate());
  expect(await cluster.run(order.where())).toEqual({ waits: [], problem: undefined });
});

it("says where other code differs from the history of a blocked run", async () => {
  const cluster = await start();
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  await cluster.advance(100);
  cluster.silos[0]?.kill();
  await cluster.startSilo({ actors: [Account, wrong] });
  await cluster.advance(10_000);
  const { problem } = await cluster.run(order.where());
  expect(problem?.code).toBe("NON_DETERMINISTIC");
  expect(problem?.message).toMatch(await lineOf("wrong"));
  await cluster.run(order.send("go", new Map()));
  const { blocked } = await cluster.run(order.status());
  expect(blocked?.message).toMatch(await lineOf("wrong"));
});

it("checks the histories of open runs against code that is not deployed", async () => {
  const cluster = await start();
  for (const id of ["a", "b", "ended"]) {
    const order = workflow(cluster.client, Order, id);
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    await cluster.run(order.start());
  }
  await cluster.advance(100);
  await cluster.run(workflow(cluster.client, Order, "ended").terminate());
  const check = (type: ActorDefinition, sample?: number) =>
    cluster.run(checkHistories(cluster.client, [type], sample === undefined ? {} : { sample }));
  expect(await check(Order)).toEqual({ checked: 2, problems: [] });
  expect(await check(right)).toEqual({ checked: 2, problems: [] });
  const { checked, problems } = await check(wrong);
  expect([checked, problems.length]).toEqual([2, 2]);
  expect(problems[0]).toMatchObject({ type: "Order", id: "a", code: "NON_DETERMINISTIC" });
  expect(problems[0]?.message).toMatch(await lineOf("wrong"));
  expect(await check(wrong, 1)).toMatchObject({ checked: 1 });
  const { problems: missing } = await check(later);
  expect(missing.map(({ code }) => code)).toEqual(["VERSION_MISSING", "VERSION_MISSING"]);
});
