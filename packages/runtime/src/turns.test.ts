import { Actor, actor, interleave, internal, oneWay, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

@actor("Account", { idleAfter: "1m", mailboxMax: 3 })
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor entries: { amount: number }[] = [];
  @state() accessor labels = new Map<string, Set<string>>();
  active = 0;
  mostActive = 0;

  async deposit(amount: number): Promise<number> {
    if (!(amount > 0)) throw new RangeError("amount must be positive");
    this.balance += amount;
    this.entries.push({ amount });
    return this.balance;
  }

  async failAfterChange(): Promise<void> {
    this.balance = 1_000_000;
    this.entries.push({ amount: -1 });
    this.labels.set("broken", new Set(["x"]));
    throw new TypeError("on purpose");
  }

  async label(name: string, value: string): Promise<void> {
    const values = this.labels.get(name) ?? new Set();
    values.add(value);
    this.labels.set(name, values);
  }

  @readonly() async read(): Promise<number> {
    return this.balance;
  }

  @readonly() async all(): Promise<{
    balance: number;
    entries: { amount: number }[];
    labels: Map<string, Set<string>>;
  }> {
    return { balance: this.balance, entries: this.entries, labels: this.labels };
  }

  @readonly() async sneak(): Promise<void> {
    this.balance = 7;
  }

  @readonly() async sneakInPlace(): Promise<void> {
    this.entries.push({ amount: 7 });
  }

  async slow(gate: string): Promise<number> {
    this.active++;
    this.mostActive = Math.max(this.mostActive, this.active);
    await this.actor(Gate, gate).pass();
    this.active--;
    return this.mostActive;
  }

  @interleave() async ping(): Promise<string> {
    return "pong";
  }

  @oneWay() async note(amount: number): Promise<void> {
    this.balance += amount;
  }

  @internal() async secret(): Promise<void> {}

  async remaining(): Promise<number> {
    return this.context.deadline - this.now();
  }

  async waitForSignal(): Promise<string> {
    const { signal } = this.context;
    return await new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve("aborted"));
    });
  }
}

@actor("Gate", { reentrancy: "full" })
class Gate extends Actor {
  readonly #waiting: (() => void)[] = [];
  #open = false;

  async pass(): Promise<void> {
    if (!this.#open) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async open(): Promise<void> {
    this.#open = true;
    for (const go of this.#waiting) go();
  }
}

@actor("Chatty")
class Chatty extends Actor {
  @state() accessor seen = 0;

  async askBack(other: string): Promise<number> {
    this.seen = 1;
    await this.actor(Chatty, other).callMe(this.id);
    return this.seen;
  }

  async callMe(id: string): Promise<void> {
    await this.actor(Chatty, id).increment();
  }

  async increment(): Promise<void> {
    this.seen += 10;
  }
}

@actor("Strict", { reentrancy: "none" })
class Strict extends Actor {
  async ask(path: string[]): Promise<void> {
    const [next, ...rest] = path;
    if (next !== undefined) await this.actor(Strict, next).ask(rest);
  }
}

async function start(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account, Gate, Chatty, Strict], silos });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

describe("a turn", () => {
  it("changes what is stored, and answers", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    expect(await cluster.run(alice.deposit(5))).toBe(5);
    expect(await cluster.run(alice.deposit(7))).toBe(12);
    await cluster.run(alice.label("colour", "red"));
    expect(await cluster.run(alice.all())).toEqual({
      balance: 12,
      entries: [{ amount: 5 }, { amount: 7 }],
      labels: new Map([["colour", new Set(["red"])]]),
    });
  });

  it("leaves no trace when it throws, also not in what it changed in place", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    const error = await cluster.run(alice.failAfterChange().catch((thrown: unknown) => thrown));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe("on purpose");
    expect((error as Error).stack).toContain("failAfterChange");
    expect((error as Error).stack).toContain("turns.test.ts");
    expect(await cluster.run(alice.all())).toEqual({
      balance: 5,
      entries: [{ amount: 5 }],
      labels: new Map(),
    });
  });

  it("is stored before its reply leaves", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    cluster.silos[0]?.kill();
    await cluster.startSilo();
    expect(await cluster.run(alice.read())).toBe(5);
  });

  it("comes back after idleness with what was stored", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.deposit(5));
    await cluster.advance(90_000);
    expect(cluster.silos[0]?.silo.snapshot().activations).toBe(0);
    expect(await cluster.run(alice.deposit(1))).toBe(6);
  });

  it("runs alone", async () => {
    const cluster = await start(2);
    const alice = cluster.actor(Account, "alice");
    const calls = [alice.slow("g"), alice.slow("g"), alice.slow("g")];
    await cluster.advance(10);
    await cluster.run(cluster.actor(Gate, "g").open());
    expect(await cluster.run(Promise.all(calls))).toEqual([1, 1, 1]);
  });

  it("lets interleaving methods pass", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    const slow = alice.slow("g");
    await cluster.advance(10);
    expect(await cluster.run(alice.ping())).toBe("pong");
    await cluster.run(cluster.actor(Gate, "g").open());
    await cluster.run(slow);
  });

  it("may not write when it is readonly", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await expect(cluster.run(alice.sneak())).rejects.toMatchObject({ code: "READONLY_WRITE" });
    await expect(cluster.run(alice.sneakInPlace())).rejects.toMatchObject({
      code: "READONLY_WRITE",
    });
    expect(await cluster.run(alice.all())).toEqual({ balance: 0, entries: [], labels: new Map() });
  });

  it("keeps the order of one caller's calls", async () => {
    const cluster = await start(3);
    const alice = cluster.actor(Account, "alice");
    const balances = Promise.all([alice.deposit(1), alice.deposit(10), alice.deposit(100)]);
    expect(await cluster.run(balances)).toEqual([1, 11, 111]);
  });
});

describe("a mailbox", () => {
  it("refuses a turn when it is full, and names the actor", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    const calls = Array.from({ length: 5 }, () => alice.slow("g").catch((error: unknown) => error));
    await cluster.advance(10);
    await cluster.run(cluster.actor(Gate, "g").open());
    const results = await cluster.run(Promise.all(calls));
    expect(results[4]).toMatchObject({ code: "MAILBOX_FULL", ran: "no" });
    expect(String(results[4])).toContain(
      "[MAILBOX_FULL] Account/alice has 3 waiting turns; raise mailboxMax or call less",
    );
  });
});

describe("a deadline", () => {
  it("ends a call that takes too long", async () => {
    const cluster = await start();
    const slow = cluster.actor(Account, "alice", { timeout: "2s" });
    await expect(cluster.run(slow.slow("never"))).rejects.toMatchObject({
      code: "TIMEOUT",
      ran: "maybe",
    });
  });

  it("travels with the call chain", async () => {
    const cluster = await start();
    const left = await cluster.run(cluster.actor(Account, "alice", { timeout: 2_000 }).remaining());
    expect(left).toBeGreaterThan(1_900);
    expect(left).toBeLessThanOrEqual(2_001);
  });

  it("of a signal cancels a waiting call and aborts a running one", async () => {
    const cluster = await start();
    const controller = new AbortController();
    const running = cluster.actor(Account, "alice", { signal: controller.signal }).waitForSignal();
    const waiting = cluster.actor(Account, "alice", { signal: controller.signal }).deposit(5);
    const outcomes = Promise.allSettled([running, waiting]);
    await cluster.advance(10);
    controller.abort();
    for (const outcome of await cluster.run(outcomes)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "CANCELLED" } });
    }
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(0);
  });
});

describe("a call that comes back", () => {
  it("runs within the turn that waits for it", async () => {
    const cluster = await start(3);
    expect(await cluster.run(cluster.actor(Chatty, "a").askBack("b"))).toBe(11);
  });

  it("fails at once and shows the cycle where reentrancy is none", async () => {
    const cluster = await start(3);
    const error = await cluster.run(
      cluster
        .actor(Strict, "a")
        .ask(["b", "c", "a"])
        .catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({ code: "DEADLOCK" });
    expect(String(error)).toContain("Strict/a -> Strict/b -> Strict/c -> Strict/a.ask()");
  });
});

describe("a reference", () => {
  it("calls no internal, private or unknown method", async () => {
    const cluster = await start();
    const untyped = cluster.client.actor("Account", "alice");
    await expect(cluster.run(untyped.secret?.() ?? Promise.resolve())).rejects.toMatchObject({
      code: "NO_SUCH_METHOD",
    });
    await expect(cluster.run(untyped.nothing?.() ?? Promise.resolve())).rejects.toMatchObject({
      code: "NO_SUCH_METHOD",
    });
    await expect(cluster.run(untyped.onActivate?.() ?? Promise.resolve())).rejects.toMatchObject({
      code: "NO_SUCH_METHOD",
    });
    const unknown = cluster.client.actor("Nobody", "alice");
    await expect(cluster.run(unknown.hello?.() ?? Promise.resolve())).rejects.toMatchObject({
      code: "NO_SUCH_ACTOR_TYPE",
    });
  });

  it("resolves a one-way call when it is sent", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    expect(await cluster.run(alice.note(5))).toBeUndefined();
    expect(await cluster.run(alice.read())).toBe(5);
  });
});
