import {
  Actor,
  type ActorHost,
  actor,
  defineBehaviour,
  type Extension,
  type PartHost,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { TestCluster, type TestClusterOptions } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** Counts by a method for each step, stores what it has, and ticks. */
const tally = defineBehaviour("Tally", {
  idleAfter: "1s",
  state: { total: {} },
  methods: { read: { readonly: true }, wakeIn: {} },
  openMethods: (name) => (name.startsWith("add") ? {} : undefined),
  handlers: { reminder: { wake: "addOnWake" } },
  activate(host) {
    host.slots.initialise("total", 0);
    const total = (): number => Number(host.slots.read("total"));
    return {
      async invoke(method, args) {
        if (method === "read") return total();
        if (method === "wakeIn") return await host.reminders.set("wake", { in: Number(args[0]) });
        const by = Number(/^add(\d+)$/.exec(method)?.[1] ?? 100);
        host.slots.write("total", total() + by);
        if (args[0] === "fail") throw new RangeError("on purpose");
        return total();
      },
      onActivate: () => void notes.push(`active ${host.address.id}`),
      onDeactivate: (reason) => void notes.push(reason),
    };
  },
});

/** Says that it is busy until it is told otherwise. */
const worker = defineBehaviour("Worker", {
  idleAfter: "1s",
  state: { done: {} },
  methods: { work: {}, done: {} },
  activate(host) {
    host.slots.initialise("done", 0);
    return {
      invoke(method) {
        if (method === "done") return host.slots.read("done");
        finish = host.busy();
        workers.push(host);
        return "working";
      },
    };
  },
});

@actor("Caller")
class Caller extends Actor {
  async add(): Promise<unknown> {
    return await this.actor("Tally", "t").add5?.();
  }
}

/** Calls a method of an actor by its name. */
async function call(
  cluster: TestCluster,
  address: "Tally/t" | "Worker/w",
  method: string,
  ...args: unknown[]
): Promise<unknown> {
  const [type = "", id = ""] = address.split("/");
  return await cluster.client.actor(type, id)[method]?.(...args);
}

const notes: string[] = [];
const workers: ActorHost[] = [];
let finish: () => void = () => undefined;

/** Lets a worker write down, in a turn of its own, that its work is done. */
const NOTES = partKey<PartState>("worker-notes");
const partHosts: PartHost[] = [];
const extension: Extension = {
  name: "worker-notes",
  parts: () => [
    {
      key: NOTES,
      prefixes: ["w:"],
      looksAt: ({ name }) => name === "Worker",
      create(host) {
        partHosts.push(host);
        return { load() {}, collect: () => [], adopt() {}, rollback() {} };
      },
      turns: { $workDone: () => workers.at(-1)?.slots.write("done", 1) },
    },
  ],
};

async function start(options: Partial<TestClusterOptions> = {}): Promise<TestCluster> {
  notes.length = 0;
  const cluster = await TestCluster.start({ actors: [tally, worker, Caller], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let index = 0; index < (options.silos ?? 1); index++)
    await cluster.startSilo({ extensions: [extension] });
  return cluster;
}

describe("a behaviour", () => {
  it("serves calls as a class does, and what it changes is stored or rolled back", async () => {
    const cluster = await start();
    expect(await cluster.run(call(cluster, "Tally/t", "add2"))).toBe(2);
    expect(await cluster.run(call(cluster, "Tally/t", "add3"))).toBe(5);
    await expect(cluster.run(call(cluster, "Tally/t", "add3", "fail"))).rejects.toThrow(RangeError);
    expect(await cluster.run(call(cluster, "Tally/t", "read"))).toBe(5);
    expect(await cluster.run(cluster.actor(Caller, "c").add())).toBe(10);
    await cluster.advance(3_000);
    expect(notes).toEqual(["active t", "idle"]);
    expect(await cluster.run(call(cluster, "Tally/t", "read"))).toBe(10);
  });

  it("has the methods that it names or lets in, and no others", async () => {
    const cluster = await start();
    for (const method of ["other", "$reminders2", "constructor2"])
      await expect(cluster.run(call(cluster, "Tally/t", method))).rejects.toMatchObject({
        code: "NO_SUCH_METHOD",
      });
  });

  it("handles reminders by the method that its definition names", async () => {
    const cluster = await start();
    await cluster.run(call(cluster, "Tally/t", "wakeIn", 5_000));
    await cluster.advance(7_000);
    expect(await cluster.run(call(cluster, "Tally/t", "read"))).toBe(100);
  });
});

describe("an actor that is busy outside of its turns", () => {
  it("is not idle until it is done", async () => {
    const cluster = await start();
    const active = (): number | undefined => cluster.silos[0]?.silo.snapshot().activations;
    expect(await cluster.run(call(cluster, "Worker/w", "work"))).toBe("working");
    await cluster.advance(10_000);
    expect(active()).toBe(1);
    finish();
    finish();
    await cluster.advance(3_000);
    expect(active()).toBe(0);
  });

  it("holds up the drain of its silo until it is done, and may still write that down", async () => {
    const cluster = await start({ silos: 2 });
    await cluster.run(call(cluster, "Worker/w", "work"));
    const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
    if (owner === undefined) throw new Error("no silo has the actor");
    const began = cluster.clock.monotonic();
    const stopped = cluster.stopSilo(owner);
    let read: Promise<unknown> = Promise.resolve();
    cluster.clock.schedule(1_000, () => {
      read = call(cluster, "Worker/w", "done");
    });
    cluster.clock.schedule(5_000, () => {
      void partHosts
        .at(-1)
        ?.runTurn("$workDone", [])
        .finally(() => finish());
    });
    await stopped;
    expect(cluster.clock.monotonic() - began).toBeGreaterThan(5_000);
    expect(await cluster.run(read)).toBe(1);
  });

  it("is busy also for a durable part", async () => {
    const cluster = await start();
    const active = (): number | undefined => cluster.silos[0]?.silo.snapshot().activations;
    await cluster.run(call(cluster, "Worker/w", "done"));
    const done = partHosts.at(-1)?.busy();
    await cluster.advance(10_000);
    expect(active()).toBe(1);
    done?.();
    await cluster.advance(3_000);
    expect(active()).toBe(0);
  });

  it("holds it up for 30 s at most", async () => {
    const cluster = await start({ silos: 2 });
    await cluster.run(call(cluster, "Worker/w", "work"));
    const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
    if (owner === undefined) throw new Error("no silo has the actor");
    const began = cluster.clock.monotonic();
    await cluster.stopSilo(owner);
    const tookMs = cluster.clock.monotonic() - began;
    expect(tookMs).toBeGreaterThan(29_000);
    expect(tookMs).toBeLessThan(35_000);
  });
});
