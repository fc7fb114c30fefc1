import type { FallibleStores, StoreFault } from "@troupe/testkit";
import { TestCluster } from "@troupe/testkit";
import { TroupeError } from "troupe";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account, type Overview } from "./account.ts";

/** What there is, in cents. */
const MONEY = 100;

/**
 * Where a process dies: just before one of its calls reaches the store, or after it did and before
 * it is answered.
 */
type Moment = "before" | "after";

/** Who dies there: the silo that makes the call, or the whole cluster. */
type Victims = "one silo" | "every silo";

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account], silos: 2 });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

/**
 * Lets silos die at the given call to a store, counted over all silos from now on. Tells whether it
 * came to that.
 */
function crashAt(
  cluster: TestCluster,
  callNumber: number,
  moment: Moment,
  victims: Victims,
): () => boolean {
  let calls = 0;
  for (const silo of cluster.silos) {
    let fault: StoreFault = "up";
    // The store asks for the fault once a call, so this is where the call stands.
    Object.defineProperty(silo.stores, "fault", {
      get(): StoreFault {
        if (fault === "dead" || ++calls !== callNumber) return fault;
        for (const victim of victims === "one silo" ? [silo] : [...cluster.silos]) victim.kill();
        return moment === "before" ? "dead" : "deaf";
      },
      set(value: StoreFault) {
        fault = value;
      },
    } satisfies ThisType<FallibleStores> & PropertyDescriptor);
  }
  return () => calls >= callNumber;
}

/** Repeats a call until it is answered, and starts a silo if there is none. */
async function surely<T>(cluster: TestCluster, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await cluster.run(call());
    } catch (error) {
      if (!(error instanceof TroupeError) || !error.retryable) throw error;
      if (cluster.silos.length === 0) await cluster.startSilo();
    }
  }
}

async function overviewsAtRest(cluster: TestCluster): Promise<{ alice: Overview; bob: Overview }> {
  const overviewOf = (id: string): Promise<Overview> =>
    surely(cluster, () => cluster.actor(Account, id, { timeout: "5s" }).overview());
  for (let attempt = 0; attempt < 30; attempt++) {
    const alice = await overviewOf("alice");
    const bob = await overviewOf("bob");
    if (alice.balance + bob.balance === MONEY) return { alice, bob };
    await cluster.advance(1_000);
  }
  throw new Error(
    `the transfer never arrives, or arrives twice: the two never have ${MONEY} cents again`,
  );
}

const MOMENTS: readonly Moment[] = ["before", "after"];
const VICTIMS: readonly Victims[] = ["one silo", "every silo"];

describe.each(VICTIMS)("a transfer, when %s dies", (victims) => {
  describe.each(MOMENTS)("%s a call to a store takes effect", (moment) => {
    it("debits once and credits once, whichever call it is, if the order is repeated", async () => {
      let point = 1;
      for (let crashed = true; crashed; point++) {
        const cluster = await start();
        await cluster.run(cluster.actor(Account, "alice").open("Alice", MONEY));
        const hasCrashed = crashAt(cluster, point, moment, victims);
        // As a careful customer does it: again under the same name, until it is known to be done.
        await surely(cluster, () =>
          cluster.actor(Account, "alice", { timeout: "2s" }).transfer("bob", 30, "rent"),
        );
        const { alice, bob } = await overviewsAtRest(cluster);
        expect({ point, alice: alice.balance, bob: bob.balance }).toEqual({
          point,
          alice: 70,
          bob: 30,
        });
        expect(alice.entries.map(({ kind }) => kind)).toEqual(["opening", "sent"]);
        expect(bob.entries.map(({ kind }) => kind)).toEqual(["received"]);
        crashed = hasCrashed();
      }
      // Debit, claim of the other account, credit and the note that it has arrived were tried at
      // least.
      expect(point).toBeGreaterThan(4);
    });

    it("happens wholly or not at all, whichever call it is, if nobody cares for it any more", async () => {
      for (let point = 1, crashed = true; crashed; point++) {
        const cluster = await start();
        await cluster.run(cluster.actor(Account, "alice").open("Alice", MONEY));
        const hasCrashed = crashAt(cluster, point, moment, victims);
        const acknowledged = await cluster
          .run(cluster.actor(Account, "alice", { timeout: "2s" }).transfer("bob", 30, "rent"))
          .then(
            () => true,
            () => false,
          );
        const { alice, bob } = await overviewsAtRest(cluster);
        expect({ point, total: alice.balance + bob.balance }).toEqual({ point, total: MONEY });
        expect([0, 30]).toContain(bob.balance);
        if (acknowledged) expect(bob.balance).toBe(30);
        crashed = hasCrashed();
      }
    });
  });
});
