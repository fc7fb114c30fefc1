import { type Clock, sleep } from "@troupe/core";
import { MemoryStateStore } from "@troupe/memory";
import type { ActorType } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "./actor/testing/bank.ts";
import { storedRun } from "./actor/testing/stored-run.ts";
import { defineWorkflow, event, request, workflow } from "./index.ts";

const world: { clock?: Clock } = {};
const handled: string[] = [];

const Order = defineWorkflow({
  name: "Order",
  events: { readdress: request<string, number>(), note: event<string>(), done: event() },
  async run(ctx, input: { readonly late: boolean }): Promise<readonly string[]> {
    const notes: string[] = [];
    if (input.late) await ctx.sleep("1m");
    ctx.on("readdress", async (address) => {
      if (address === "") throw new RangeError("an address is missing");
      const length = await ctx.run("check", async () => {
        if (world.clock !== undefined) await sleep(world.clock, 20);
        return address.length;
      });
      await ctx.actor(Account, "a").deposit(length);
      handled.push(address);
      return length;
    });
    ctx.on("note", (note) => {
      if (note === "bad") throw new RangeError("a bad note");
      notes.push(note);
    });
    await ctx.event("done");
    return notes;
  },
});

async function start(silos: number, actors: readonly ActorType[] = []): Promise<TestCluster> {
  handled.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Order, ...actors], silos });
  world.clock = cluster.clock;
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function begin(
  silos: number,
  { late = false }: { readonly late?: boolean } = {},
): Promise<{ cluster: TestCluster; order: ReturnType<typeof orderOf> }> {
  const cluster = await start(silos);
  const order = orderOf(cluster);
  await cluster.run(order.start({ late }));
  return { cluster, order };
}

function orderOf(cluster: TestCluster) {
  return workflow(cluster.client, Order, "o");
}

describe("a request", () => {
  it("is answered by its handler, which may use the context", async () => {
    const { cluster, order } = await begin(1);
    expect(await cluster.run(order.ask("readdress", "Main Street"))).toBe(11);
    const both = [order.ask("readdress", "A"), order.ask("readdress", "BC")];
    expect(await cluster.run(Promise.all(both))).toEqual([1, 2]);
    const { movements } = await cluster.run(cluster.actor(Account, "a").read());
    expect(movements).toEqual([11, 1, 2]);
  });

  it("rejects with what its handler throws", async () => {
    const { cluster, order } = await begin(1);
    await expect(cluster.run(order.ask("readdress", ""))).rejects.toThrow(RangeError);
    expect(await cluster.run(order.status())).toMatchObject({ state: "running" });
  });

  it("waits for a handler that is not there yet", async () => {
    const { cluster, order } = await begin(1, { late: true });
    const asked = order.ask("readdress", "abc");
    await cluster.advance(50_000);
    expect(handled).toEqual([]);
    expect(await cluster.run(asked)).toBe(3);
  });

  it("is refused by a run that has ended, that does not declare it, or that is not there", async () => {
    const { cluster, order } = await begin(1, { late: true });
    const asked = order.ask("readdress", "abc");
    asked.catch(() => undefined);
    await cluster.advance(10);
    const other = order.ask("note" as "readdress", "abc");
    await expect(cluster.run(other)).rejects.toMatchObject({ code: "NO_SUCH_EVENT" });
    const sent = order.send("readdress" as "note", "abc");
    await expect(cluster.run(sent)).rejects.toMatchObject({ code: "NO_SUCH_EVENT" });
    await cluster.run(order.terminate("over"));
    await expect(cluster.run(asked)).rejects.toMatchObject({ code: "WORKFLOW_ENDED" });
    const late = order.ask("readdress", "abc");
    await expect(cluster.run(late)).rejects.toMatchObject({ code: "WORKFLOW_ENDED" });
    const nobody = workflow(cluster.client, Order, "nobody").ask("readdress", "abc");
    await expect(cluster.run(nobody)).rejects.toMatchObject({ code: "NO_SUCH_WORKFLOW" });
  });

  it.each(Array.from({ length: 20 }, (_, index) => 1 + index * 4))(
    "is answered once though the owner is lost after %s ms",
    async (afterMs) => {
      const { cluster, order } = await begin(3);
      await cluster.advance(20);
      const asked = [order.ask("readdress", "abc"), order.ask("readdress", "abcd")];
      await cluster.advance(afterMs);
      cluster.silos.find(({ silo }) => (silo.snapshot().activationsByType.Order ?? 0) > 0)?.kill();
      await cluster.advance(20_000);
      expect(await cluster.run(Promise.all(asked))).toEqual([3, 4]);
      const { movements } = await cluster.run(cluster.actor(Account, "a").read());
      expect(movements.toSorted((one, other) => one - other)).toEqual([3, 4]);
      const store = new MemoryStateStore(cluster.states);
      const { episodes } = await cluster.run(storedRun(store, { type: "Order", id: "o" }));
      const requests = episodes.filter(({ input }) => input.kind === "event");
      expect(requests).toHaveLength(2);
    },
  );

  it("waits while the run is suspended, and is asked once", async () => {
    const { cluster, order } = await begin(1);
    await cluster.run(order.suspend());
    const asked = order.ask("readdress", "abc");
    await cluster.advance(20_000);
    expect(await cluster.run(order.status())).toMatchObject({ waitingInputs: 1 });
    await cluster.run(order.resume());
    expect(await cluster.run(asked)).toBe(3);
  });
});

describe("a handler of events", () => {
  it("gets each event in order, and fails the run by what it throws", async () => {
    const { cluster, order } = await begin(1, { late: true });
    await cluster.run(order.send("note", "one"));
    await cluster.run(order.send("note", "two"));
    await cluster.advance(70_000);
    await cluster.run(order.send("note", "three"));
    await cluster.run(order.send("done"));
    expect(await cluster.run(order.result())).toEqual(["one", "two", "three"]);
    const other = workflow(cluster.client, Order, "other");
    await cluster.run(other.start({ late: false }));
    await cluster.run(other.send("note", "bad"));
    await expect(cluster.run(other.result())).rejects.toThrow("a bad note");
  });

  it("stays when the run is cancelled, so that it may tidy up", async () => {
    const Closing = defineWorkflow({
      name: "Closing",
      events: { state: request<undefined, string>(), done: event() },
      async run(ctx) {
        let state = "open";
        ctx.on("state", () => state);
        await ctx.event("done").catch(() => (state = "closing"));
        await ctx.event("done");
      },
    });
    const cluster = await start(1, [Closing]);
    const closing = workflow(cluster.client, Closing, "c");
    await cluster.run(closing.start());
    expect(await cluster.run(closing.ask("state"))).toBe("open");
    await cluster.run(closing.cancel());
    expect(await cluster.run(closing.ask("state"))).toBe("closing");
  });
});

it("takes events of one name by a handler or by waiting, not by both", async () => {
  const Mixed = defineWorkflow({
    name: "Mixed",
    events: { a: event(), b: event() },
    async run(ctx) {
      ctx.on("a", () => undefined);
      const codes: unknown[] = [];
      const codeOf = (error: unknown): void => void codes.push((error as { code: string }).code);
      await ctx.event("a").catch(codeOf);
      void ctx.event("b");
      try {
        ctx.on("b", () => undefined);
      } catch (error) {
        codeOf(error);
      }
      try {
        ctx.on("a", () => undefined);
      } catch (error) {
        codeOf(error);
      }
      return codes;
    },
  });
  const cluster = await start(1, [Mixed]);
  const mixed = workflow(cluster.client, Mixed, "m");
  await cluster.run(mixed.start());
  const code = "CONTEXT_MISUSE";
  expect(await cluster.run(mixed.result())).toEqual([code, code, code]);
});

it("takes requests along when it continues with another input", async () => {
  const Long = defineWorkflow({
    name: "Long",
    events: { total: request<undefined, number>(), slow: request<undefined, string>() },
    async run(ctx, round: number) {
      if (round === 0) {
        ctx.on("slow", async () => {
          await ctx.sleep("1h");
          return "too late";
        });
        await ctx.sleep("1m");
        return ctx.continueWith(1);
      }
      ctx.on("slow", () => "soon");
      ctx.on("total", () => round);
      await ctx.sleep("1m");
    },
  });
  const cluster = await start(1, [Long]);
  const long = workflow(cluster.client, Long, "l");
  await cluster.run(long.start(0));
  const asked = [long.ask("slow"), long.ask("total")];
  expect(await cluster.run(Promise.all(asked))).toEqual(["soon", 1]);
});
