import type { DeadLetters } from "@troupe/client";
import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** Longer than all attempts of a durable send take. */
const GIVEN_UP_MS = 600_000;

@actor("Shop")
class Shop extends Actor {
  @state() accessor isOpen = false;
  @state() accessor orders: string[] = [];

  async open(): Promise<void> {
    this.isOpen = true;
  }

  async order(item: string, _details: unknown): Promise<void> {
    if (!this.isOpen) throw new RangeError("closed");
    this.orders.push(item);
  }

  async list(): Promise<readonly string[]> {
    return this.orders;
  }
}

@actor("Buyer")
class Buyer extends Actor {
  @state() accessor bought = 0;

  async buy(items: readonly string[]): Promise<void> {
    const shop = this.send(Shop, "corner");
    const details = new Map<string, unknown>([
      ["buyer", this.actor(Buyer, this.id)],
      ["note", undefined],
    ]);
    for (const item of items) shop.order(item, details);
    this.bought += items.length;
  }
}

async function givenUp(...items: readonly string[]): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Shop, Buyer], silos: 2 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.run(cluster.actor(Buyer, "alice").buy(items));
  await cluster.advance(GIVEN_UP_MS);
  return cluster;
}

function lettersOf(cluster: TestCluster): DeadLetters {
  return cluster.client.deadLetters(Buyer, "alice");
}

describe("dead letters", () => {
  it("are listed with what they say, through a client and through any silo", async () => {
    const cluster = await givenUp("tea", "milk");
    const [first] = await cluster.run(lettersOf(cluster).list());
    expect(first).toMatchObject({
      seq: 1,
      to: { type: "Shop", id: "corner" },
      method: "order",
      reason: "closed",
    });
    expect(first?.diedAt).toBeGreaterThan(first?.sentAt ?? Number.POSITIVE_INFINITY);
    const [item, details] = first?.args ?? [];
    expect(item).toBe("tea");
    expect(details).toBeInstanceOf(Map);
    const buyer: unknown = (details as Map<string, unknown>).get("buyer");
    expect([buyer].join()).toBe("Buyer/alice");
    for (const { silo } of cluster.silos) {
      // oxlint-disable-next-line no-await-in-loop -- one silo after the other.
      const listed = await cluster.run(silo.deadLetters("Buyer", "alice").list());
      expect(listed.map(({ seq }) => seq)).toEqual([1, 2]);
    }
    expect(await cluster.run(cluster.client.deadLetters(Shop, "corner").list())).toEqual([]);
  });

  it("are sent again under a new number, with all that they say", async () => {
    const cluster = await givenUp("tea", "milk");
    const letters = lettersOf(cluster);
    expect(await cluster.run(letters.resend(1))).toBe(true);
    expect(await cluster.run(letters.resend(1))).toBe(false);
    await cluster.advance(GIVEN_UP_MS);
    const listed = await cluster.run(letters.list());
    expect(listed.map(({ seq, args }) => [seq, args[0]])).toEqual([
      [2, "milk"],
      [3, "tea"],
    ]);
    await cluster.run(cluster.actor(Shop, "corner").open());
    expect(await cluster.run(letters.resend(3))).toBe(true);
    await cluster.advance(1_000);
    expect(await cluster.run(cluster.actor(Shop, "corner").list())).toEqual(["tea"]);
  });

  it("are gone for good when they are dropped, also after a crash", async () => {
    const cluster = await givenUp("tea", "milk");
    const letters = lettersOf(cluster);
    expect(await cluster.run(letters.drop(1))).toBe(true);
    expect(await cluster.run(letters.drop(1))).toBe(false);
    expect(await cluster.run(letters.resend(1))).toBe(false);
    for (const silo of cluster.silos.slice()) silo.kill();
    await cluster.startSilo();
    expect((await cluster.run(letters.list())).map(({ seq }) => seq)).toEqual([2]);
    await cluster.run(cluster.actor(Shop, "corner").open());
    await cluster.advance(GIVEN_UP_MS);
    expect(await cluster.run(cluster.actor(Shop, "corner").list())).toEqual([]);
  });

  it("are found by a number only, and only with a type and an id that can be", async () => {
    const cluster = await givenUp();
    for (const wrong of [0, 1.5, Number.NaN, "1"]) {
      // oxlint-disable-next-line no-await-in-loop -- few, and each says which one passed.
      await expect(lettersOf(cluster).drop(wrong as number)).rejects.toMatchObject({
        code: "BAD_CONFIG",
      });
    }
    expect(() => cluster.client.deadLetters(Buyer, "")).toThrow("BAD_ACTOR_ID");
    expect(() => cluster.client.deadLetters("", "a")).toThrow("NO_SUCH_ACTOR_TYPE");
  });
});
