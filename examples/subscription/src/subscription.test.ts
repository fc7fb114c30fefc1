import { TestCluster } from "@troupe/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Card } from "./card.ts";
import { Inbox } from "./inbox.ts";
import { type Invoice, MONTHLY, Subscription } from "./subscription.ts";

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start({ actors: [Subscription, Card, Inbox], silos: 2 });
});
afterEach(() => cluster[Symbol.asyncDispose]());

const SECOND_MS = 1_000;

async function nextAt(id = "alice"): Promise<number> {
  return (await cluster.run(cluster.actor(Subscription, id).overview())).nextAt ?? 0;
}

async function invoices(id = "alice"): Promise<readonly Invoice[]> {
  return (await cluster.run(cluster.actor(Subscription, id).overview())).invoices;
}

/**
 * Moves the wall clock to so many seconds before the next bill. What happens in the weeks between
 * would take a test too long.
 */
async function skipToBefore(seconds: number): Promise<void> {
  cluster.clock.jumpWall((await nextAt()) - seconds * SECOND_MS - cluster.clock.now());
}

/** Lets the next month come. */
async function month(): Promise<void> {
  await skipToBefore(20);
  await cluster.advance(30 * SECOND_MS);
}

describe("a subscription", () => {
  beforeEach(async () => {
    await cluster.run(cluster.actor(Subscription, "alice").subscribe(999, MONTHLY));
  });

  it("bills on the first of each month at nine in Berlin, in winter and in summer, and never a moment sooner", async () => {
    const hours: string[] = [];
    for (let count = 1; count <= 12; count++) {
      await skipToBefore(20);
      await cluster.advance(19 * SECOND_MS);
      expect(await invoices()).toHaveLength(count - 1);
      await cluster.advance(11 * SECOND_MS);
      expect(await invoices()).toHaveLength(count);
      hours.push(new Date((await invoices()).at(-1)?.dueAt ?? 0).toISOString().slice(5, 16));
    }
    expect(hours).toEqual([
      "01-01T08:00",
      "02-01T08:00",
      "03-01T08:00",
      "04-01T07:00",
      "05-01T07:00",
      "06-01T07:00",
      "07-01T07:00",
      "08-01T07:00",
      "09-01T07:00",
      "10-01T07:00",
      "11-01T08:00",
      "12-01T08:00",
    ]);
    expect(await cluster.run(cluster.actor(Card, "alice").read())).toHaveLength(12);
    expect(await cluster.run(cluster.actor(Inbox, "alice").read())).toHaveLength(12);
  });

  it("bills every month that passed while no silo ran", async () => {
    for (const silo of Array.from(cluster.silos)) silo.kill();
    cluster.clock.jumpWall(Date.UTC(2026, 3, 15) - cluster.clock.now());
    await cluster.startSilo();
    await cluster.advance(60 * SECOND_MS);
    const months = (await invoices()).map(({ dueAt }) => new Date(dueAt).getUTCMonth());
    expect(months).toEqual([0, 1, 2, 3]);
  });

  it("bills nothing after it was cancelled", async () => {
    await skipToBefore(20);
    await cluster.run(cluster.actor(Subscription, "alice").cancel());
    await cluster.advance(60 * SECOND_MS);
    expect(await invoices()).toEqual([]);
    expect(await nextAt()).toBe(0);
  });

  it("tries again while the bank does not answer, and charges the card once", async () => {
    await cluster.run(cluster.actor(Card, "alice").setRefusing(true));
    await skipToBefore(20);
    await cluster.advance(20 * SECOND_MS + 500);
    expect(await invoices()).toEqual([]);
    await cluster.run(cluster.actor(Card, "alice").setRefusing(false));
    await cluster.advance(10 * SECOND_MS);
    expect(await invoices()).toMatchObject([{ number: "alice-1", isPaid: true }]);
    expect(await cluster.run(cluster.actor(Card, "alice").read())).toEqual([
      { invoice: "alice-1", cents: 999 },
    ]);
  });

  it("notes a month as unpaid that the card refuses to the last, and bills the next one", async () => {
    await cluster.run(cluster.actor(Card, "alice").setRefusing(true));
    await month();
    await cluster.run(cluster.actor(Card, "alice").setRefusing(false));
    await month();
    expect(await invoices()).toMatchObject([
      { number: "alice-1", isPaid: false },
      { number: "alice-2", isPaid: true },
    ]);
    expect(await cluster.run(cluster.actor(Inbox, "alice").read())).toEqual([
      "alice-1 unpaid",
      "alice-2 paid",
    ]);
  });

  it("bills a month once when its silo is killed in the middle of it", async () => {
    await skipToBefore(20);
    await cluster.advance(19 * SECOND_MS);
    for (let step = 0; step < 40; step++) {
      await cluster.advance(50);
      if (step % 8 === 0) {
        cluster.silos[0]?.kill();
        await cluster.startSilo();
      }
    }
    await cluster.advance(120 * SECOND_MS);
    expect(await invoices()).toHaveLength(1);
    expect(await cluster.run(cluster.actor(Card, "alice").read())).toEqual([
      { invoice: "alice-1", cents: 999 },
    ]);
    expect(await cluster.run(cluster.actor(Inbox, "alice").read())).toEqual(["alice-1 paid"]);
  });

  it("gives a receipt up that cannot be delivered, keeps it, and delivers it when it is sent again", async () => {
    await cluster.run(cluster.actor(Inbox, "alice").setFull(true));
    await month();
    await cluster.advance(120 * SECOND_MS);
    const letters = cluster.client.deadLetters("Subscription", "alice");
    expect(await cluster.run(letters.list())).toMatchObject([
      { seq: 1, to: { type: "Inbox" }, method: "deliver", reason: "the inbox is full" },
    ]);
    await cluster.run(cluster.actor(Inbox, "alice").setFull(false));
    expect(await cluster.run(letters.resend(1))).toBe(true);
    await cluster.advance(SECOND_MS);
    expect(await cluster.run(cluster.actor(Inbox, "alice").read())).toEqual(["alice-1 paid"]);
    expect(await cluster.run(letters.list())).toEqual([]);
  });

  it("takes a price of whole positive cents only", async () => {
    for (const cents of [0, -1, 9.99, Number.NaN]) {
      await expect(
        cluster.run(cluster.actor(Subscription, "bob").subscribe(cents, MONTHLY)),
      ).rejects.toThrow(RangeError);
    }
  });
});
