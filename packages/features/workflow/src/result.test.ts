import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";
import { defineWorkflow, event, workflow } from "./index.ts";

const Order = defineWorkflow({
  name: "Order",
  events: { go: event<string>() },
  run: async (ctx) => await ctx.event("go"),
});

it("waits for the end of a run as long as somebody likes", async () => {
  const cluster = await TestCluster.start({ actors: [Order], silos: 2 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const order = workflow(cluster.client, Order, "o");
  await cluster.run(order.start());
  const seen: unknown[] = [];
  order.result({ timeout: "5s" }).catch((error: unknown) => seen.push(error));
  await cluster.advance(4_900);
  expect(seen).toEqual([]);
  await cluster.advance(1_000);
  expect(seen).toMatchObject([{ code: "TIMEOUT", retryable: false }]);
  const wrong = order.result({ timeout: "soon" as "5s" });
  await expect(cluster.run(wrong)).rejects.toMatchObject({ code: "BAD_CONFIG" });
  await cluster.run(order.send("go", "now"));
  expect(await cluster.run(order.result({ timeout: "5s" }))).toBe("now");
});
