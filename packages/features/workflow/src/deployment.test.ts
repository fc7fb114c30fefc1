import type { Logger } from "@troupe/core";
import type { ActorType } from "@troupe/sdk";
import { MemoryStateStore } from "@troupe/memory";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { type StoredRun, storedRun } from "./actor/testing/stored-run.ts";
import { defineWorkflow, event, workflow, type WorkflowContext } from "./index.ts";

const events = { go: event<string>() };

/** A workflow type with other code under the same name, as another deployment has it. */
function orderOf(run: (ctx: WorkflowContext<typeof events>) => Promise<unknown>) {
  return defineWorkflow({ name: "Order", events, run: (ctx) => run(ctx) });
}

const steps: string[] = [];

const first = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.run("charge", () => steps.push("charge"));
    const go = await ctx.event("go");
    const left = await ctx.actor(Account, "a").withdraw(1);
    return `first ${go} ${left}`;
  },
});

/** Does something else at the second command. */
const wrong = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.run("charge", () => steps.push("charge again"));
    await ctx.sleep("1h");
    return "wrong";
  },
});

/** Does the same up to where the first one waits, and then something else. */
const right = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.run("charge", () => steps.push("charge again"));
    const go = [await ctx.event("go"), await ctx.event("go")];
    await ctx.run("ship", () => steps.push("ship"));
    return `right ${go.join(" ")}`;
  },
});

/** Waits for something foreign after its first step. */
const foreign = defineWorkflow({
  name: "Order",
  events,
  async run(ctx) {
    await ctx.run("charge", () => steps.push("charge"));
    await new Promise((resolve) => setImmediate(resolve));
    return await ctx.event("go");
  },
});

const logged: string[] = [];
const logger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error: (fields) => void logged.push(String((fields as { event?: unknown }).event)),
  child: () => logger,
};

async function start(order: ActorType): Promise<TestCluster> {
  steps.length = 0;
  logged.length = 0;
  const cluster = await TestCluster.start({ actors: [Account], silos: 0, logger });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.startSilo({ actors: [Account, order] });
  return cluster;
}

/** Lets a silo with other code take the place of the one that there is. */
async function deploy(cluster: TestCluster, order: ActorType): Promise<void> {
  const [old] = cluster.silos;
  old?.kill();
  await cluster.startSilo({ actors: [Account, order] });
  await cluster.advance(10_000);
}

function stored(cluster: TestCluster): Promise<StoredRun> {
  const store = new MemoryStateStore(cluster.states);
  return cluster.run(storedRun(store, { type: "Order", id: "o" }));
}

describe("other code", () => {
  it("that does something else blocks the run, and leaves its history and its events alone", async () => {
    const cluster = await start(first);
    const order = workflow(cluster.client, first, "o");
    await cluster.run(order.start());
    await cluster.advance(100);
    const { episodes } = await stored(cluster);
    expect(episodes).toHaveLength(2);

    await deploy(cluster, wrong);
    await cluster.run(order.send("go", "one"));
    await cluster.run(order.send("go", "two"));
    const status = await cluster.run(order.status());
    expect(status).toMatchObject({
      state: "blocked",
      blocked: { code: "NON_DETERMINISTIC" },
      waitingInputs: 2,
    });
    expect(status.blocked?.message).toMatch(
      /Order\/o .* at episode 1, command 1: stored is event "go"; this code gives sleep until/,
    );
    expect(logged).toEqual(["workflow_blocked"]);
    expect((await stored(cluster)).episodes).toEqual(episodes);

    await deploy(cluster, right);
    expect(await cluster.run(order.result())).toBe("right one two");
    expect((await stored(cluster)).episodes.slice(0, 2)).toEqual(episodes);
    expect(steps).toEqual(["charge", "ship"]);
  });

  it("goes on by itself when the code is right again, without anybody asking", async () => {
    const cluster = await start(foreign);
    const order = workflow(cluster.client, first, "o");
    await cluster.run(order.start());
    await cluster.advance(5_000);
    expect(await cluster.run(order.status())).toMatchObject({
      state: "blocked",
      blocked: { code: "FOREIGN_AWAIT" },
    });
    await cluster.run(order.send("go", "now"));
    await deploy(cluster, first);
    expect((await stored(cluster)).record?.endedAt).toBeGreaterThan(0);
    expect(await cluster.run(order.result())).toBe("first now 99");
    // The outcome of the step was not lost while the run was blocked.
    expect(steps).toEqual(["charge"]);
  });

  it("can be terminated also if it was blocked from its beginning", async () => {
    const never = orderOf(async () => await new Promise(() => undefined));
    const cluster = await start(never);
    const order = workflow(cluster.client, first, "o");
    await cluster.run(order.start());
    expect(await cluster.run(order.status())).toMatchObject({ state: "blocked", episodes: 0 });
    await cluster.run(order.terminate("for good"));
    await expect(cluster.run(order.result())).rejects.toThrow("for good");
    await deploy(cluster, first);
    expect(await cluster.run(order.status())).toMatchObject({ state: "terminated" });
  });

  it("can be stopped while it is blocked", async () => {
    const cluster = await start(first);
    const order = workflow(cluster.client, first, "o");
    await cluster.run(order.start());
    await cluster.advance(100);
    await deploy(cluster, wrong);
    await cluster.run(order.cancel("later"));
    expect(await cluster.run(order.status())).toMatchObject({ state: "blocked" });
    await cluster.run(order.terminate("for good"));
    await expect(cluster.run(order.result())).rejects.toThrow("for good");
    await cluster.advance(20_000);
    const { record } = await stored(cluster);
    expect(record).toMatchObject({ endedAt: expect.any(Number) });
    expect(record?.awake).toBeUndefined();
  });
});

it("gives up a step after three silos were lost under it", async () => {
  let cluster: TestCluster | undefined;
  const deadly = orderOf(async (ctx) => {
    const caught = await ctx
      .run("bomb", ({ attempt }) => {
        steps.push(`bomb ${attempt}`);
        cluster?.silos[0]?.kill();
        return new Promise<never>(() => undefined);
      })
      .catch((error: unknown) => String(error));
    return caught;
  });
  cluster = await start(deadly);
  const order = workflow(cluster.client, first, "o");
  // The silo may be gone before it answers.
  await cluster.run(order.start().catch(() => undefined));
  for (let silo = 0; silo < 4; silo++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    await cluster.advance(10_000);
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    if (cluster.silos.length === 0) await cluster.startSilo({ actors: [Account, deadly] });
  }
  await cluster.advance(10_000);
  expect(steps).toEqual(["bomb 1", "bomb 2", "bomb 3"]);
  expect(cluster.silos).toHaveLength(1);
  expect(await cluster.run(order.result())).toMatch(/STEP_LOST.*step "bomb"/);
});
