import type { DueEntry } from "@troupe/core";
import { Actor, actor, defineBehaviour, readonly, reminder, state, timer } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

const seen: string[] = [];

/** Ends what envoys do outside of their turns. */
const ends: (() => void)[] = [];

/** Sends what an account is to have, destroys itself, and is busy outside of its turns. */
const Envoy = defineBehaviour("Envoy", {
  methods: { leave: {}, wake: {} },
  state: { sent: {} },
  activate: (host) => ({
    invoke: (method, [to, amount]) => {
      if (method === "wake") return;
      const account = host.send("Account", String(to)) as { deposit(amount: unknown): void };
      account.deposit(amount);
      ends.push(host.busy());
      host.destroy();
    },
  }),
});

@actor("Account")
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor history: string[] = [];

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    this.history.push(`deposit ${amount}`);
    return this.balance;
  }

  async remind(): Promise<void> {
    await this.reminders.set("bill", { in: "10s", every: "10s" });
    await this.timers.set("tick", { every: "10s" });
  }

  /** Pays out, and is gone. */
  async close(to: string): Promise<number> {
    const { balance } = this;
    this.balance = 0;
    this.send(Account, to).deposit(balance);
    this.destroy();
    return balance;
  }

  async closeAndFail(): Promise<void> {
    this.balance = -1;
    this.destroy();
    throw new RangeError("not closed");
  }

  async closeSlowly(): Promise<void> {
    this.destroy();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }

  @readonly()
  async closeReadonly(): Promise<void> {
    this.destroy();
  }

  @readonly()
  async read(): Promise<number> {
    return this.balance;
  }

  @reminder("bill")
  async bill(): Promise<void> {
    seen.push(`bill ${this.id}`);
  }

  @timer("tick")
  async tick(): Promise<void> {
    seen.push(`tick ${this.id}`);
  }

  override onDeactivate(): void {
    this.history.push("deactivated");
  }
}

@actor("Page")
class Page extends Actor {
  #reads = 0;

  async read(): Promise<number> {
    return ++this.#reads;
  }

  async close(): Promise<void> {
    this.destroy();
  }
}

async function start(silos = 1): Promise<TestCluster> {
  seen.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Page, Envoy], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

/** What the store has of an actor; undefined if it knows nothing of it. */
function stored(cluster: TestCluster, id: string, type = "Account"): readonly string[] | undefined {
  const found = cluster.states.read({ type, id }, "");
  return found && [...found.fields.keys()].toSorted();
}

function dueFor(cluster: TestCluster, id: string): DueEntry[] {
  const buckets = Array.from({ length: 4_096 }, (_, bucket) => bucket);
  const entries = cluster.due.due(buckets, Number.MAX_SAFE_INTEGER, 1_000);
  return entries.filter(({ address }) => address.id === id);
}

describe("an actor that is destroyed", () => {
  it("begins from nothing with its next call, and has left nothing behind", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    await cluster.run(alice.remind());
    expect(await cluster.run(alice.close("bob"))).toBe(5);
    await cluster.advance(60_000);
    // Receivers of its next life's sends tell them by their numbers.
    expect(stored(cluster, "alice")).toEqual(["n:state"]);
    expect(seen).toEqual([]);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toBe(5);
    expect(await cluster.run(alice.read())).toBe(0);
    expect(await cluster.run(alice.deposit(2))).toBe(2);
    expect(stored(cluster, "alice")).toEqual(["n:state", "s:balance", "s:history"]);
  });

  it("is destroyed by its next life as well, and fenced against the one before", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    for (let life = 1; life <= 3; life++) {
      // oxlint-disable-next-line no-await-in-loop -- one life after the other.
      expect(await cluster.run(alice.deposit(life))).toBe(life);
      // oxlint-disable-next-line no-await-in-loop -- one life after the other.
      await cluster.run(alice.closeSlowly());
    }
    expect(stored(cluster, "alice") ?? []).toEqual([]);
  });

  it("keeps everything if the turn throws", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    await expect(cluster.run(alice.closeAndFail())).rejects.toThrow("not closed");
    expect(await cluster.run(alice.deposit(1))).toBe(6);
  });

  it("lets calls that wait run on what comes after it, in their order", async () => {
    const cluster = await start(2);
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    const calls = [
      alice.deposit(1),
      alice.closeSlowly().then(() => -1),
      alice.deposit(10),
      alice.deposit(100),
    ];
    expect(await cluster.run(Promise.all(calls))).toEqual([6, -1, 10, 110]);
  });

  it("is not destroyed by a readonly turn", async () => {
    const cluster = await start();
    const error = cluster.actor(Account, "alice").closeReadonly();
    await expect(cluster.run(error)).rejects.toMatchObject({ code: "READONLY_WRITE" });
  });

  it("of a type that stores nothing just begins again", async () => {
    const cluster = await start();
    const page = cluster.actor(Page, "one");
    expect(await cluster.run(page.read())).toBe(1);
    expect(await cluster.run(page.read())).toBe(2);
    await cluster.run(page.close());
    expect(await cluster.run(page.read())).toBe(1);
  });

  it("stays if the store does not take it, and its caller hears of it", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    const [silo] = cluster.silos;
    if (silo !== undefined) silo.stores.fault = "away";
    const error = await cluster.run(alice.closeSlowly().catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ ran: "maybe" });
    if (silo !== undefined) silo.stores.fault = "up";
    await cluster.advance(1_000);
    expect(await cluster.run(alice.read())).toBe(5);
  });

  it("sends once what it has sent, though it was alive yet when that arrived", async () => {
    const cluster = await start();
    const bob = cluster.actor(Account, "bob");
    await cluster.run(cluster.client.actor("Envoy", "e")["leave"]?.("bob", 5) ?? Promise.reject());
    await cluster.advance(500);
    expect(await cluster.run(bob.read())).toBe(5);
    // With the next send it forgets those of who will not repeat them.
    await cluster.run(cluster.client.actor("Envoy", "f")["leave"]?.("bob", 1) ?? Promise.reject());
    await cluster.advance(500);
    for (const end of ends.splice(0)) end();
    await cluster.advance(500);
    await cluster.run(cluster.client.actor("Envoy", "e")["wake"]?.() ?? Promise.reject());
    await cluster.advance(60_000);
    expect(await cluster.run(bob.read())).toBe(6);
    expect(stored(cluster, "e", "Envoy")).toEqual(["n:state"]);
  });

  it("leaves no entry of its reminders in the index", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.remind());
    expect(dueFor(cluster, "alice").length).toBeGreaterThan(0);
    await cluster.run(alice.closeSlowly());
    expect(dueFor(cluster, "alice")).toEqual([]);
  });
});
