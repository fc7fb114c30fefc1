import { TestCluster } from "@troupe/testkit";
import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { Account } from "./account.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start({ actors: [Account], silos: 2 });
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
});

function account(id: string) {
  return cluster.actor(Account, id);
}

async function balances(...ids: string[]): Promise<number[]> {
  return cluster.run(Promise.all(ids.map((id) => account(id).read())));
}

describe("an account", () => {
  it("opens with its first money once, however often it is opened", async () => {
    expect(await cluster.run(account("alice").open("Alice", 100))).toBe(100);
    expect(await cluster.run(account("alice").open("Somebody", 900))).toBe(100);
    expect(await cluster.run(account("alice").overview())).toMatchObject({
      holder: "Alice",
      balance: 100,
    });
  });

  it("takes deposits of whole positive cents only", async () => {
    expect(await cluster.run(account("alice").deposit(5))).toBe(5);
    await expect(cluster.run(account("alice").deposit(0))).rejects.toThrow(RangeError);
    await expect(cluster.run(account("alice").deposit(1.5))).rejects.toThrow("not 1.5");
    await expect(cluster.run(account("alice").deposit(Number.NaN))).rejects.toThrow(RangeError);
    expect(await balances("alice")).toEqual([5]);
  });

  it("keeps its last entries only", async () => {
    for (let amount = 1; amount <= 210; amount++)
      await cluster.run(account("alice").deposit(amount));
    const { entries, balance } = await cluster.run(account("alice").overview());
    expect(entries.length).toBe(200);
    expect(entries.at(-1)?.amount).toBe(210);
    expect(balance).toBe((210 * 211) / 2);
  });
});

describe("a transfer", () => {
  beforeEach(async () => {
    await cluster.run(account("alice").open("Alice", 100));
    await cluster.run(account("bob").open("Bob", 100));
  });

  it("moves money, and is shown on both sides", async () => {
    expect(await cluster.run(account("alice").transfer("bob", 30, "rent"))).toBe(70);
    await cluster.advance(100);
    expect(await balances("alice", "bob")).toEqual([70, 130]);
    const alice = await cluster.run(account("alice").overview());
    const bob = await cluster.run(account("bob").overview());
    expect(alice.entries.at(-1)).toMatchObject({
      kind: "sent",
      amount: -30,
      other: "bob",
      order: "rent",
    });
    expect(bob.entries.at(-1)).toMatchObject({
      kind: "received",
      amount: 30,
      other: "alice",
      order: "rent",
    });
  });

  it("is carried out once if it is ordered again under the same name", async () => {
    await cluster.run(account("alice").transfer("bob", 30, "rent"));
    expect(await cluster.run(account("alice").transfer("bob", 30, "rent"))).toBe(70);
    await cluster.run(account("alice").transfer("bob", 30));
    await cluster.run(account("alice").transfer("bob", 30));
    await cluster.advance(100);
    expect(await balances("alice", "bob")).toEqual([10, 190]);
  });

  it("is refused for want of money, to oneself, and to what cannot be an account", async () => {
    await expect(cluster.run(account("alice").transfer("bob", 101))).rejects.toThrow(
      "alice has 100 cents, not 101",
    );
    await expect(cluster.run(account("alice").transfer("alice", 1))).rejects.toThrow("to itself");
    await expect(cluster.run(account("alice").transfer("", 1))).rejects.toMatchObject({
      code: "BAD_ACTOR_ID",
    });
    await cluster.advance(10_000);
    expect(await balances("alice", "bob")).toEqual([100, 100]);
  });

  it("arrives once, and in its order, although a silo dies after each", async () => {
    for (let order = 1; order <= 10; order++) {
      await cluster.run(account("alice").transfer("bob", 5, `order ${order}`));
      cluster.silos[0]?.kill();
      await cluster.startSilo();
    }
    await cluster.advance(MINUTE_MS);
    expect(await balances("alice", "bob")).toEqual([50, 150]);
    const { entries } = await cluster.run(account("bob").overview());
    const received = entries.filter(({ kind }) => kind === "received").map(({ order }) => order);
    expect(received).toEqual(Array.from({ length: 10 }, (_, index) => `order ${index + 1}`));
  });

  it("does not wait for one in the other direction", async () => {
    const both = [account("alice").transfer("bob", 10), account("bob").transfer("alice", 20)];
    await cluster.run(Promise.all(both), 1_000);
    await cluster.advance(100);
    expect(await balances("alice", "bob")).toEqual([110, 90]);
  });

  it("leaves nothing to be done behind", async () => {
    await cluster.run(account("alice").transfer("bob", 30));
    await cluster.advance(20_000);
    expect(
      cluster.due.due(
        Array.from({ length: 1_024 }, (_, bucket) => bucket),
        Number.MAX_SAFE_INTEGER,
        10,
      ),
    ).toEqual([]);
  });
});

describe("a statement", () => {
  it("is due each day", async () => {
    expect(await cluster.run(account("alice").openStatements())).toBe(cluster.clock.now() + DAY_MS);
  });

  it("sums up what moved since the last one", async () => {
    await cluster.run(account("alice").open("Alice", 100));
    await cluster.run(account("alice").openStatements("1m"));
    await cluster.run(account("alice").transfer("bob", 30));
    await cluster.advance(MINUTE_MS);
    await cluster.run(account("alice").deposit(5));
    await cluster.advance(MINUTE_MS);
    const [first, second, ...others] = await cluster.run(account("alice").statements());
    expect(first).toMatchObject({
      opening: 0,
      moneyIn: 100,
      moneyOut: 30,
      entries: 2,
      closing: 70,
    });
    expect(second).toMatchObject({
      from: first?.to,
      opening: 70,
      moneyIn: 5,
      moneyOut: 0,
      entries: 1,
      closing: 75,
    });
    expect(others).toEqual([]);
  });

  it("is made although every silo died and the account was not used since", async () => {
    await cluster.run(account("alice").deposit(100));
    await cluster.run(account("alice").openStatements("2m"));
    while (cluster.silos[0] !== undefined) cluster.silos[0].kill();
    await cluster.advance(MINUTE_MS);
    await cluster.startSilo();
    await cluster.advance(2 * MINUTE_MS);
    expect((await cluster.run(account("alice").statements())).length).toBe(1);
  });
});
