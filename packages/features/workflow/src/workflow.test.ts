import { TroupeError } from "@troupe/core";
import { Actor, actor, type ActorType, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import {
  defineWorkflow,
  event,
  NoRetry,
  type StepContext,
  workflow,
  WorkflowCancelled,
} from "./index.ts";

const DAY_MS = 86_400_000;

async function start(actors: readonly ActorType[], silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account, ...actors], silos });
  onTestFinished(async () => {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

/** What comes of a promise, once it does. */
function watch(promise: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: "pending" };
  void promise.then(
    (value) => (seen.outcome = value),
    (error: unknown) => (seen.outcome = error),
  );
  return seen;
}

/** Attempts of steps by name. */
const attempts: Record<string, number> = {};

function attempt(name: string): number {
  attempts[name] = (attempts[name] ?? 0) + 1;
  return attempts[name];
}

const Order = defineWorkflow({
  name: "Order",
  events: { approved: event<{ by: string }>(), noted: event() },
  status: "" as "paying" | "waiting",
  async run(ctx, input: { account: string; amount: number }) {
    ctx.status("paying");
    const left = await ctx.actor(Account, input.account).withdraw(input.amount);
    const paid = await ctx.run("charge", ({ key }) => ({ receipt: key.length > 0 }));
    ctx.status("waiting");
    const yes = await ctx.event("approved", { timeout: "3d" });
    if (yes === undefined) throw new RangeError("nobody approved");
    return { left, paid, by: yes.by, at: ctx.now() };
  },
});

describe("a workflow", () => {
  it("runs to its end, and is asked for its result before and after", async () => {
    const cluster = await start([Order]);
    const order = workflow(cluster.client, Order, "o-1");
    expect(await cluster.run(order.start({ account: "alice", amount: 30 }))).toEqual({
      id: "o-1",
      isNew: true,
    });
    const result = watch(order.result());
    await cluster.advance(20_000);
    expect(result.outcome).toBe("pending");
    expect(await cluster.run(order.status())).toMatchObject({
      state: "running",
      status: "waiting",
    });
    await cluster.run(order.send("approved", { by: "bob" }));
    await cluster.advance(10);
    const expected = { left: 70, paid: { receipt: true }, by: "bob", at: expect.any(Number) };
    expect(result.outcome).toEqual(expected);
    expect(await cluster.run(order.result())).toEqual(expected);
    expect(await cluster.run(order.status())).toMatchObject({ state: "completed" });
  });

  it("is started once for an id and an input", async () => {
    const cluster = await start([Order]);
    const order = workflow(cluster.client, Order, "o-1");
    await cluster.run(order.start({ account: "alice", amount: 30 }));
    expect(await cluster.run(order.start({ account: "alice", amount: 30 }))).toMatchObject({
      isNew: false,
    });
    await expect(cluster.run(order.start({ account: "alice", amount: 31 }))).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    await cluster.advance(100);
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toMatchObject({
      movements: [-30],
    });
  });

  it("fails with what its code throws, also when an actor threw it", async () => {
    const cluster = await start([Order]);
    const order = workflow(cluster.client, Order, "o-1");
    await cluster.run(order.start({ account: "alice", amount: 300 }));
    await expect(cluster.run(order.result())).rejects.toThrow(RangeError);
    await expect(cluster.run(order.result())).rejects.toThrow("not enough money");
  });

  it("goes on when the time of a wait is over, though nobody kept it in memory", async () => {
    const cluster = await start([Order]);
    const order = workflow(cluster.client, Order, "o-1");
    await cluster.run(order.start({ account: "alice", amount: 30 }));
    await cluster.advance(60_000);
    // That of the account.
    expect(cluster.silos[0]?.silo.snapshot().activations).toBe(1);
    cluster.clock.jumpWall(3 * DAY_MS);
    await cluster.advance(10_000);
    await expect(cluster.run(order.result())).rejects.toThrow("nobody approved");
  });

  it("says what is wrong to whoever asks or sends", async () => {
    const cluster = await start([Order]);
    const missing = workflow(cluster.client, Order, "nobody");
    const approve = () => cluster.run(missing.send("approved", { by: "bob" }));
    await expect(cluster.run(missing.result())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
    await expect(cluster.run(missing.status())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
    await expect(approve()).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
    await cluster.run(missing.start({ account: "alice", amount: 30 }));
    await expect(cluster.run(missing.send("other" as "noted"))).rejects.toMatchObject({
      code: "NO_SUCH_EVENT",
    });
    await cluster.run(missing.send("approved", { by: "bob" }));
    await cluster.run(missing.result());
    await expect(approve()).rejects.toMatchObject({ code: "WORKFLOW_ENDED" });
    await expect(cluster.run(missing.cancel())).rejects.toMatchObject({ code: "WORKFLOW_ENDED" });
  });

  it("is forgotten when what is kept of its end has had its time", async () => {
    const cluster = await start([Order]);
    const order = workflow(cluster.client, Order, "o-1");
    await cluster.run(order.start({ account: "alice", amount: 300 }));
    await expect(cluster.run(order.result())).rejects.toThrow(RangeError);
    const [silo] = cluster.silos;
    if (silo === undefined) throw new Error("there is a silo");
    const fields = async (): Promise<string[]> => {
      const address = { type: "Order", id: "o-1" };
      const stored = await cluster.run(silo.stores.stateStore.read(address, ""));
      return [...(stored?.fields.keys() ?? [])];
    };
    expect(await fields()).toContain("w:run");
    cluster.clock.jumpWall(7 * DAY_MS);
    await cluster.advance(60_000);
    // What a sender has to remember of its sends stays.
    expect(await fields()).toEqual(["n:state"]);
    await expect(cluster.run(order.result())).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
  });
});

const Flaky = defineWorkflow({
  name: "Flaky",
  async run(ctx, input: { fails: number; first: "10ms" | "5s"; timeout?: "1s" }) {
    const { fails, first, timeout } = input;
    return await ctx.run(
      "call",
      async ({ attempt: number, signal }) => {
        attempt("call");
        if (number <= fails && timeout !== undefined)
          await new Promise((_, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason)),
          );
        if (number <= fails) throw new Error(`failure ${number}`);
        return number;
      },
      { retry: { attempts: 4, first, jitter: 0 }, ...(timeout === undefined ? {} : { timeout }) },
    );
  },
});

describe("a step", () => {
  it("is tried again after short and long pauses, and says when the next attempt comes", async () => {
    const cluster = await start([Flaky]);
    const short = workflow(cluster.client, Flaky, "short");
    await cluster.run(short.start({ fails: 3, first: "10ms" }));
    expect(await cluster.run(short.result())).toBe(4);
    const long = workflow(cluster.client, Flaky, "long");
    await cluster.run(long.start({ fails: 3, first: "5s" }));
    await cluster.advance(1_000);
    const { steps } = await cluster.run(long.status());
    expect(steps).toMatchObject([{ name: "call", attempt: 2, lastError: "failure 1" }]);
    const began = cluster.clock.monotonic();
    expect(await cluster.run(long.result())).toBe(4);
    expect(cluster.clock.monotonic() - began).toBeGreaterThan(30_000);
  });

  it("fails with its last error after the last attempt", async () => {
    const cluster = await start([Flaky]);
    const flaky = workflow(cluster.client, Flaky, "f");
    await cluster.run(flaky.start({ fails: 9, first: "10ms" }));
    await expect(cluster.run(flaky.result())).rejects.toThrow("failure 4");
  });

  it("has its signal aborted when its time is over", async () => {
    const cluster = await start([Flaky]);
    const flaky = workflow(cluster.client, Flaky, "f");
    await cluster.run(flaky.start({ fails: 9, first: "10ms", timeout: "1s" }));
    await expect(cluster.run(flaky.result())).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("fails at once when it says so, or when its result cannot be copied", async () => {
    const Once = defineWorkflow({
      name: "Once",
      async run(ctx, kind: string) {
        return await ctx.run("call", () => {
          attempt(`once ${kind}`);
          if (kind === "no retry") throw new NoRetry(new SyntaxError("bad"));
          return { items: [() => undefined] };
        });
      },
    });
    const cluster = await start([Once]);
    const refused = workflow(cluster.client, Once, "a");
    await cluster.run(refused.start("no retry"));
    await expect(cluster.run(refused.result())).rejects.toThrow(SyntaxError);
    const uncopied = workflow(cluster.client, Once, "b");
    await cluster.run(uncopied.start("uncopied"));
    await expect(cluster.run(uncopied.result())).rejects.toThrow(/step "call": result.items\[0\]/);
    expect([attempts["once no retry"], attempts["once uncopied"]]).toEqual([1, 1]);
  });
});

const Trip = defineWorkflow({
  name: "Trip",
  async run(ctx, account: string) {
    await ctx.actor(Account, account).withdraw(10);
    await ctx.run("flight", () => "F1", { undo: (flight) => attempt(`undo ${flight}`) });
    ctx.send(Account, "airline").deposit(10);
    try {
      await ctx.sleep("1d");
    } finally {
      await ctx.actor(Account, account).deposit(10);
    }
  },
});

/** A step that ends when it is aborted, and counts that. */
function stuck(name: string) {
  return ({ signal }: StepContext): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        attempt(`aborted ${name}`);
        reject(signal.reason);
      });
    });
}

const Loser = defineWorkflow({
  name: "Loser",
  async run(ctx) {
    const { key } = await ctx.race({ step: ctx.run("step", stuck("step")), late: ctx.sleep("1s") });
    await ctx.run("cancelled", stuck("cancelled")).catch(() => undefined);
    return key;
  },
});

it("aborts the signals of steps that nobody wants any more", async () => {
  const cluster = await start([Loser]);
  const loser = workflow(cluster.client, Loser, "l");
  await cluster.run(loser.start());
  await cluster.advance(900);
  expect(attempts["aborted step"]).toBeUndefined();
  await cluster.advance(200);
  expect(attempts["aborted step"]).toBe(1);
  await cluster.run(loser.cancel());
  expect(await cluster.run(loser.result())).toBe("late");
  expect(attempts["aborted cancelled"]).toBe(1);
});

const Hasty = defineWorkflow({
  name: "Hasty",
  events: { go: event() },
  async run(ctx) {
    await ctx.sleep(100);
    const account = ctx.actor(Account, "alice");
    return await ctx.race({ go: ctx.event("go"), left: account.withdraw(5) });
  },
});

it("makes each call of an actor once, also one whose answer is not wanted any more", async () => {
  const cluster = await start([Hasty]);
  const hasty = workflow(cluster.client, Hasty, "h");
  await cluster.run(hasty.start());
  await cluster.run(hasty.send("go"));
  expect(await cluster.run(hasty.result())).toEqual({ key: "go", value: undefined });
  await cluster.advance(100);
  const { movements } = await cluster.run(cluster.actor(Account, "alice").read());
  expect(movements).toEqual([-5]);
});

const Parent = defineWorkflow({
  name: "Parent",
  events: { shipped: event<string>() },
  async run(ctx) {
    const started = await ctx.actor("Child", `${ctx.id}/ship`).start?.(ctx.id);
    return [started, await ctx.event("shipped")];
  },
});

const Child = defineWorkflow({
  name: "Child",
  async run(ctx, parent: string) {
    const tracking = await ctx.run("ship", () => "T-1");
    ctx.send("Parent", parent).event?.("shipped", tracking);
  },
});

it("starts another run exactly once, which tells it of its end by an event", async () => {
  const cluster = await start([Parent, Child]);
  const parent = workflow(cluster.client, Parent, "p");
  await cluster.run(parent.start());
  expect(await cluster.run(parent.result())).toEqual([{ id: "p/ship", isNew: true }, "T-1"]);
});

@actor("Buyer")
class Buyer extends Actor {
  @state() accessor bought: string[] = [];

  async buy(account: string, fails: boolean): Promise<void> {
    this.bought.push(account);
    this.send("Order", `of-${account}`).start?.({ account, amount: 30 });
    if (fails) throw new Error("on purpose");
  }
}

it("is started by the turn of an actor, if that is stored", async () => {
  const cluster = await start([Order, Buyer]);
  const buyer = cluster.actor(Buyer, "b");
  await cluster.run(buyer.buy("alice", false));
  await expect(cluster.run(buyer.buy("bob", true))).rejects.toThrow("on purpose");
  await cluster.advance(1_000);
  const status = (id: string) => cluster.run(workflow(cluster.client, Order, id).status());
  expect(await status("of-alice")).toMatchObject({ state: "running", status: "waiting" });
  await expect(status("of-bob")).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
});

describe("a run that is stopped", () => {
  it("tidies up and undoes its steps when it is cancelled", async () => {
    const cluster = await start([Trip]);
    const trip = workflow(cluster.client, Trip, "t");
    await cluster.run(trip.start("alice"));
    await cluster.advance(100);
    await cluster.run(trip.cancel("rain"));
    await expect(cluster.run(trip.result())).rejects.toThrow(WorkflowCancelled);
    await expect(cluster.run(trip.result())).rejects.toMatchObject({ reason: "rain" });
    expect(attempts["undo F1"]).toBe(1);
    const read = (id: string) => cluster.run(cluster.actor(Account, id).read());
    expect((await read("alice")).movements).toEqual([-10, 10]);
    expect((await read("airline")).movements).toEqual([10]);
  });

  it("does nothing more when it is terminated", async () => {
    const cluster = await start([Trip]);
    const trip = workflow(cluster.client, Trip, "t");
    await cluster.run(trip.start("alice"));
    await cluster.advance(100);
    await cluster.run(trip.terminate("now"));
    await expect(cluster.run(trip.result())).rejects.toThrow("now");
    cluster.clock.jumpWall(2 * DAY_MS);
    await cluster.advance(10_000);
    const { movements } = await cluster.run(cluster.actor(Account, "alice").read());
    expect(movements).toEqual([-10]);
    expect(await cluster.run(trip.status())).toMatchObject({ state: "terminated" });
  });
});

it("blocks code that waits for something foreign, and says so", async () => {
  const Foreign = defineWorkflow({
    name: "Foreign",
    async run(ctx) {
      await ctx.run("first", () => 1);
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
  const cluster = await start([Foreign]);
  const run = workflow(cluster.client, Foreign, "f");
  await cluster.run(run.start());
  await cluster.advance(1_000);
  const status = await cluster.run(run.status());
  expect(status).toMatchObject({ state: "blocked", blocked: { code: "FOREIGN_AWAIT" } });
  await cluster.run(run.terminate());
  expect(await cluster.run(run.status())).toMatchObject({ state: "terminated" });
});

it("refuses a definition without code", () => {
  const given = { name: "Empty" } as unknown as Parameters<typeof defineWorkflow>[0];
  expect(() => defineWorkflow(given)).toThrow(TroupeError);
});
