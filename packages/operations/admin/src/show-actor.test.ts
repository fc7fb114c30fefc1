import { Actor, actor, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";
import { AdminClient } from "./admin-client.ts";

let gate: Promise<void> | undefined;

@actor("Account", { idleAfter: "1m", version: 3 })
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor tags = new Map<string, unknown>();
  @state() accessor text = "";

  async deposit(amount: number): Promise<void> {
    this.balance += amount;
    this.tags.set("last", new Date(0));
  }

  async write(length: number): Promise<void> {
    this.text = "x".repeat(length);
  }

  async bill(): Promise<void> {
    await this.reminders.set("bill", { in: "1h", data: 5 });
  }

  async pay(to: string): Promise<void> {
    this.send(Account, to).wait();
  }

  async wait(): Promise<void> {
    await gate;
  }

  @reminder("bill") async onBill(): Promise<void> {}
}

it("shows what is stored of an actor and what runs, and wakes it not", async () => {
  const cluster = await TestCluster.start({ actors: [Account], silos: 2 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const admin = new AdminClient(cluster.client);
  const address = { type: "Account", id: "a" };
  const nothing = { ...address, activation: "asleep", waiting: 0, turns: [], isStored: false };
  expect(await cluster.run(admin.show(address))).toMatchObject({ ...nothing, epoch: 0, state: {} });

  const account = cluster.actor(Account, "a");
  await cluster.run(account.deposit(5));
  await cluster.run(account.bill());
  await cluster.advance(3 * 60_000);
  const asleep = await cluster.run(admin.show(address));
  expect(asleep).toMatchObject({
    activation: "asleep",
    isStored: true,
    stateVersion: 3,
    version: 3,
    state: { balance: 5, tags: new Map([["last", new Date(0)]]) },
    reminders: [{ name: "bill", count: 0, failed: 0, data: 5 }],
    outbox: [],
    pendingSends: 0,
    deadLetters: 0,
  });
  expect(Object.keys(asleep.bytesByPart).toSorted()).toEqual(["reminders", "slots", "version"]);
  expect(cluster.silos.map(({ silo }) => silo.siloId)).toContain(asleep.siloId);
  expect(await cluster.run(admin.show(address))).toEqual(asleep);

  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate = promise;
  const waiting = [account.wait(), account.wait(), account.wait()];
  await cluster.advance(1_500);
  await cluster.run(cluster.actor(Account, "b").pay("a"));
  expect(await cluster.run(admin.show(address))).toMatchObject({
    activation: "active",
    waiting: 3,
    turns: [{ method: "wait", ageMs: expect.any(Number) as number }],
  });
  const sender = await cluster.run(admin.show({ type: "Account", id: "b" }));
  expect(sender).toMatchObject({
    pendingSends: 1,
    outbox: [{ seq: 1, type: "Account", id: "a", method: "wait" }],
  });
  const [turn] = (await cluster.run(admin.show(address))).turns;
  expect(turn?.ageMs).toBeGreaterThanOrEqual(1_500);
  open();
  await cluster.run(Promise.all(waiting));

  await cluster.run(account.write(100_000));
  const large = await cluster.run(admin.show(address));
  expect(large.state).toMatchObject({
    balance: 5,
    text: expect.stringMatching(/^\(1000\d\d bytes\)$/) as string,
  });
  const unknown = admin.show({ type: "Acount", id: "a" });
  await expect(cluster.run(unknown)).rejects.toMatchObject({ code: "NO_SUCH_ACTOR_TYPE" });
});
