import { silentLogger } from "@troupe/core";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Silo, startSilo } from "troupe";
import { expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { defineWorkflow, event, workflow } from "./index.ts";

const steps: string[] = [];

const Move = defineWorkflow({
  name: "Move",
  events: { go: event<string>() },
  async run(ctx, amount: number) {
    const first = await ctx.run("first", () => steps.push("first"));
    const left = await ctx.actor(Account, "from").withdraw(amount);
    await ctx.sleep(300);
    const go = await ctx.event("go");
    const next = await ctx.actor(Account, "to").deposit(amount);
    await ctx.run("last", () => steps.push("last"));
    return { first, left, go, next, map: new Map([[go, new Date(5)]]) };
  },
});

/** Calls within one silo wait for no I/O, so asking alone would let nothing else happen. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function start(folder: string): Promise<Silo> {
  return await startSilo({
    cluster: "flow",
    actors: [Account, Move],
    membership: `file:${folder}`,
    storage: `file:${folder}`,
    logger: silentLogger,
  });
}

it("goes on from real storage after a restart, also with what came due meanwhile", async () => {
  const folder = await mkdtemp(join(tmpdir(), "troupe-flow-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const before = await start(folder);
  const move = workflow(before, Move, "m");
  await move.start(7);
  await move.send("go", "soon");
  // oxlint-disable-next-line no-await-in-loop -- until it waits for its timer.
  while ((await move.status()).nextDue === undefined) await eventLoopTurn();
  await before.stop();
  const after = await start(folder);
  onTestFinished(() => after.stop());
  const again = workflow(after, Move, "m");
  expect(await again.result()).toEqual({
    first: 1,
    left: 93,
    go: "soon",
    next: 107,
    map: new Map([["soon", new Date(5)]]),
  });
  expect(steps).toEqual(["first", "last"]);
  expect(await again.start(7)).toEqual({ id: "m", isNew: false });
  expect((await after.actor(Account, "from").read()).movements).toEqual([-7]);
  expect((await after.actor(Account, "to").read()).movements).toEqual([7]);
});
