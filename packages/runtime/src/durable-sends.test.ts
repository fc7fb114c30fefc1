import { Actor, actor, idempotent, oneWay, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** What turns of a test wait for. */
let opened = Promise.withResolvers<void>();

/** How often a letter of a test is refused. */
let refusals = 0;

@actor("Account", { idleAfter: "1m" })
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor amounts: number[] = [];

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    this.amounts.push(amount);
    return this.balance;
  }

  async transfer(to: string, amount: number, fails = false): Promise<void> {
    this.balance -= amount;
    this.send(Account, to).deposit(amount);
    if (fails) throw new RangeError("on purpose");
  }

  async sendMany(to: string, count: number): Promise<void> {
    for (let index = 0; index < count; index++) this.send(Account, to).deposit(index);
  }

  async sendBad(to: string): Promise<void> {
    this.send(Account, to).refuse(new Map([["why", new Error("just so")]]));
    this.send(Account, to).deposit(1);
  }

  async refuse(why: Map<string, Error>): Promise<void> {
    throw why.size === 1 ? new Error("no") : new RangeError("not as it was sent");
  }

  async sendAndFail(to: string): Promise<void> {
    this.send(Account, to).deposit(1_000);
    await opened.promise;
    throw new RangeError("on purpose");
  }

  async notify(to: string): Promise<void> {
    this.send(Account, to).takeNote();
  }

  @oneWay() async takeNote(): Promise<void> {
    if (refusals-- > 0) throw new Error("not yet");
    this.balance += 1;
  }

  async holdUp(): Promise<void> {
    await opened.promise;
  }

  async sendRich(to: string): Promise<void> {
    const list: unknown[] = [new Map([["a", new Set([1n])]]), new RangeError("no")];
    list.push(list);
    this.send(Account, to).takeRich({ list }, new Map([[1, this.actor(Account, "third")]]));
  }

  async takeRich({ list }: { list: unknown[] }, people: Map<number, unknown>): Promise<void> {
    const [map, error, self] = list;
    const isWhole = self === list && error instanceof RangeError && map instanceof Map;
    if (isWhole && String(people.get(1)) === "Account/third") this.balance += 1;
  }

  @idempotent() async add(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }

  @readonly() async read(): Promise<{ balance: number; amounts: number[] }> {
    return { balance: this.balance, amounts: this.amounts };
  }
}

async function start(silos = 3): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account], silos });
  onTestFinished(async () => {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

describe("a durable send", () => {
  it("arrives, and is forgotten by its sender", async () => {
    const cluster = await start();
    await cluster.run(cluster.actor(Account, "alice").transfer("bob", 5));
    await cluster.advance(100);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toEqual({
      balance: 5,
      amounts: [5],
    });
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toMatchObject({
      balance: -5,
    });
    await cluster.advance(30_000);
    const entries = cluster.due.due(
      Array.from({ length: 1_025 }, (_, bucket) => bucket),
      Number.MAX_SAFE_INTEGER,
      10,
    );
    expect(entries).toEqual([]);
  });

  it("is not sent by a turn that throws", async () => {
    const cluster = await start();
    await expect(
      cluster.run(cluster.actor(Account, "alice").transfer("bob", 5, true)),
    ).rejects.toBeInstanceOf(RangeError);
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toEqual({
      balance: 0,
      amounts: [],
    });
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toEqual({
      balance: 0,
      amounts: [],
    });
  });

  it("waits for its own turn's commit while earlier turns of its sender are stored", async () => {
    opened = Promise.withResolvers();
    const cluster = await start(1);
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.read());
    const hold = cluster.silos[0]?.stores.hold();
    const stored = [alice.transfer("bob", 1), alice.transfer("bob", 2)];
    const failed = alice.sendAndFail("carol").catch((error: unknown) => error);
    await cluster.advance(100);
    hold?.release();
    await cluster.run(Promise.all(stored));
    await cluster.advance(100);
    opened.resolve();
    expect(await cluster.run(failed)).toBeInstanceOf(RangeError);
    await cluster.run(alice.transfer("carol", 7));
    await cluster.advance(1_000);
    expect(await cluster.run(cluster.actor(Account, "carol").read())).toEqual({
      balance: 7,
      amounts: [7],
    });
  });

  it("to a one-way method is forgotten only when it has taken effect", async () => {
    const cluster = await start(1);
    refusals = 2;
    await cluster.run(cluster.actor(Account, "alice").notify("bob"));
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toMatchObject({ balance: 1 });
  });

  it("arrives after its receiver was too busy for the first try", async () => {
    opened = Promise.withResolvers();
    const cluster = await start(1);
    const busy = cluster.actor(Account, "bob", { timeout: "10m" }).holdUp();
    await cluster.run(cluster.actor(Account, "alice").transfer("bob", 5));
    await cluster.advance(45_000);
    opened.resolve();
    await cluster.run(busy);
    await cluster.advance(10_000);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toMatchObject({ balance: 5 });
  });

  it("keeps its place among those to the same receiver", async () => {
    const cluster = await start();
    await cluster.run(cluster.actor(Account, "alice").sendMany("bob", 100));
    await cluster.advance(1_000);
    const { amounts } = await cluster.run(cluster.actor(Account, "bob").read());
    expect(amounts).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it("arrives once when the receiver's answers are lost, and when every silo dies on the way", async () => {
    const cluster = await start();
    for (let round = 0; round < 6; round++) {
      await cluster.run(cluster.actor(Account, "alice").sendMany("bob", 20));
      for (const silo of Array.from(cluster.silos)) {
        if (round % 2 === 0) silo.kill();
        else silo.stores.fault = "deaf";
      }
      await cluster.advance(3);
      for (const silo of cluster.silos) silo.stores.fault = "up";
      while (cluster.silos.length < 3) await cluster.startSilo();
    }
    await cluster.advance(120_000);
    const { amounts } = await cluster.run(cluster.actor(Account, "bob").read());
    expect(amounts).toEqual(Array.from({ length: 120 }, (_, index) => index % 20));
  });

  it("goes to the dead letters when its receiver keeps throwing, lets later ones pass, and can be sent again", async () => {
    const cluster = await start(1);
    await cluster.run(cluster.actor(Account, "alice").sendBad("bob"));
    await cluster.advance(600_000);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toEqual({
      balance: 1,
      amounts: [1],
    });
    const letters = cluster.client.deadLetters("Account", "alice");
    expect(await cluster.run(letters.list())).toMatchObject([
      { seq: 1, method: "refuse", reason: "no" },
    ]);
    expect(await cluster.run(letters.resend(1))).toBe(true);
    await cluster.advance(600_000);
    expect(await cluster.run(letters.list())).toMatchObject([
      { seq: 3, method: "refuse", args: [new Map([["why", new Error("just so")]])] },
    ]);
  });

  it("carries maps, errors, references and what contains itself", async () => {
    const cluster = await start(2);
    await cluster.run(cluster.actor(Account, "alice").sendRich("bob"));
    await cluster.advance(100);
    expect(await cluster.run(cluster.actor(Account, "bob").read())).toMatchObject({ balance: 1 });
  });
});

describe("an idempotency key", () => {
  it("is free again when its call gave up before it ran", async () => {
    opened = Promise.withResolvers();
    const cluster = await start();
    const busy = cluster.actor(Account, "alice").holdUp();
    const impatient = cluster.actor(Account, "alice", { idempotencyKey: "order-1", timeout: "1s" });
    await expect(cluster.run(impatient.deposit(5))).rejects.toMatchObject({ code: "TIMEOUT" });
    await cluster.advance(100);
    opened.resolve();
    await cluster.run(busy);
    expect(await cluster.run(impatient.deposit(5))).toBe(5);
  });

  it("gives a repeated call the same answer, and one effect, also after a failover", async () => {
    const cluster = await start();
    const once = cluster.actor(Account, "alice", { idempotencyKey: "order-1" });
    expect(await cluster.run(once.deposit(5))).toBe(5);
    expect(await cluster.run(once.deposit(5))).toBe(5);
    expect(await cluster.run(cluster.actor(Account, "alice").deposit(1))).toBe(6);
    for (const silo of Array.from(cluster.silos)) silo.kill();
    await cluster.startSilo();
    expect(await cluster.run(once.deposit(5))).toBe(5);
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toEqual({
      balance: 6,
      amounts: [5, 1],
    });
  });

  it("joins repetitions that come while the call is under way", async () => {
    const cluster = await start();
    const once = cluster.actor(Account, "alice", { idempotencyKey: "order-1" });
    expect(
      await cluster.run(Promise.all([once.deposit(5), once.deposit(5), once.deposit(5)])),
    ).toEqual([5, 5, 5]);
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toEqual({
      balance: 5,
      amounts: [5],
    });
  });

  it("is given to the retries of an idempotent method, which then has one effect though its silo died", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.add(1));
    const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
    if (owner !== undefined) owner.stores.fault = "deaf";
    const second = alice.add(1).catch((error: unknown) => error);
    await cluster.advance(1);
    owner?.kill();
    const result = await cluster.run(second);
    await cluster.advance(100);
    const { balance } = await cluster.run(alice.read());
    expect(balance).toBe(2);
    expect([2, "STORE_UNAVAILABLE"]).toContain(
      result instanceof Error ? (result as Error & { code: string }).code : result,
    );
  });
});
