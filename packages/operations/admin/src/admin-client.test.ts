import { ADMIN_LINK, type AdminLink } from "@troupe/client";
import {
  Actor,
  actor,
  adminMethod,
  type Extension,
  flag,
  message,
  reminder,
  text,
} from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AdminClient } from "./admin-client.ts";
import { listEverySilo } from "./every-silo.ts";

@actor("Account", { idleAfter: "30d" })
class Account extends Actor {
  async bill(): Promise<void> {
    await this.reminders.set("bill", { every: "10m", data: { id: this.id } });
  }

  async pay(to: string): Promise<void> {
    this.send(Account, to).refuse();
  }

  async refuse(): Promise<void> {
    throw new Error("no");
  }

  @reminder("bill") async tick(): Promise<void> {}
}

let cluster: TestCluster;
let admin: AdminClient;

beforeAll(async () => {
  cluster = await TestCluster.start({ actors: [Account], silos: 3 });
  admin = new AdminClient(cluster.client);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Everything that a list gives, on the cluster's time. */
function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  return cluster.run(Array.fromAsync(list));
}

describe("an admin client", () => {
  it("asks a silo how it stands, from a client and from a silo", async () => {
    const [first] = cluster.silos;
    if (first === undefined) throw new Error("there is no silo");
    const { siloId, address } = first.silo;
    const known = { siloId, address, state: "active", serving: true };
    expect(await cluster.run(admin.snapshot(siloId))).toMatchObject(known);
    const inside = new AdminClient(first.silo);
    const [other] = inside.silos.filter((silo) => silo.siloId !== siloId);
    expect(await cluster.run(inside.snapshot(siloId))).toMatchObject(known);
    expect(await cluster.run(inside.snapshot(other?.siloId ?? ""))).toMatchObject({
      siloId: other?.siloId,
    });
  });

  it("lists what is active and what is due on every silo", async () => {
    const ids = Array.from({ length: 30 }, (_, at) => `a${at}`);
    await cluster.run(Promise.all(ids.map((id) => cluster.client.actor(Account, id).bill())));
    const active = await cluster.run(
      listEverySilo(admin.silos, (siloId) => admin.activations(siloId, { type: "Account" }), 100),
    );
    expect(active.entries).toHaveLength(30);
    const due = await cluster.run(
      listEverySilo(admin.silos, (siloId) => admin.reminders(siloId), 100),
    );
    expect(new Set(due.entries.map(({ id }) => id)).size).toBe(30);
    expect(due).toMatchObject({ unanswered: [], cutShort: [] });
    const few = await cluster.run(listEverySilo(admin.silos, (id) => admin.reminders(id), 1));
    expect(few.entries).toHaveLength(3);
    expect(few.cutShort).toHaveLength(3);
  });

  it("reads the reminders of one actor", async () => {
    await cluster.run(cluster.client.actor(Account, "one").bill());
    expect(await cluster.run(admin.remindersOf({ type: "Account", id: "one" }))).toMatchObject([
      { name: "bill", count: 0, failed: 0, data: { id: "one" } },
    ]);
  });

  it("finds the actors with dead letters through any silo", async () => {
    for (const to of ["x", "y"]) {
      // oxlint-disable-next-line no-await-in-loop -- their order is what is tested.
      await cluster.run(cluster.client.actor(Account, "payer").pay(to));
    }
    await cluster.advance(600_000);
    const sender = { type: "Account", id: "payer" };
    expect(await all(admin.deadLetters())).toMatchObject([
      { ...sender, seq: 1 },
      { ...sender, seq: 2 },
    ]);
  });

  it("lists the actors that have stored state, of all types or of one", async () => {
    const stored = await all(admin.storedActors({ type: "Account" }));
    expect(stored).toContainEqual({ type: "Account", id: "payer" });
    expect(stored.length).toBeGreaterThan(30);
    expect(await all(admin.storedActors())).toEqual(stored);
    expect(await all(admin.storedActors({ type: "Nobody" }))).toEqual([]);
  });

  it("asks the next silo when one does not answer, and says what all of them said", async () => {
    const link = cluster.client[ADMIN_LINK];
    const [first] = cluster.client.view.members;
    const failing = (fails: (siloId: string) => boolean): AdminClient => {
      const askSilo: AdminLink["askSilo"] = async (siloId, method, request) => {
        if (fails(siloId)) throw new Error("away");
        return link.askSilo(siloId, method, request);
      };
      return new AdminClient({ [ADMIN_LINK]: { ...link, view: link.view, askSilo } });
    };
    expect(await all(failing((siloId) => siloId === first?.siloId).deadLetters())).toHaveLength(2);
    await expect(all(failing(() => true).deadLetters())).rejects.toThrow(
      /\[CLUSTER_UNAVAILABLE\] no silo answers listDeadLetters: .*away; .*away; .*away/,
    );
  });

  it("asks what an extension of the silos has added", async () => {
    const request = message("OwnedRequest", { type: text, id: text });
    const owned = { request, response: message("OwnedResponse", { isOwned: flag }) };
    const call = { name: "acme.isOwned", role: "operator", ...owned } as const;
    const extension: Extension = {
      name: "acme",
      adminMethods: (silo) => [adminMethod(call, (address) => ({ isOwned: silo.owns(address) }))],
    };
    const own = await TestCluster.start({ actors: [Account], silos: 0 });
    onTestFinished(() => own[Symbol.asyncDispose]());
    for (const _ of [1, 2]) {
      // oxlint-disable-next-line no-await-in-loop -- one joins after the other.
      await own.startSilo({ extensions: [extension] });
    }
    const asking = new AdminClient(own.client);
    await own.waitUntil(() => asking.silos.length === 2);
    const address = { type: "Account", id: "alice" };
    const answers = await own.run(
      Promise.all(asking.silos.map(({ siloId }) => asking.ask(siloId, call, address))),
    );
    expect(answers.filter(({ isOwned }) => isOwned)).toHaveLength(1);
    const plain = admin.ask(admin.silos[0]?.siloId ?? "", call, address);
    await expect(cluster.run(plain)).rejects.toThrow("has no admin method acme.isOwned");
  });

  it("destroys an actor, with what it has stored and is due", async () => {
    const gone = cluster.client.actor(Account, "gone");
    await cluster.run(gone.bill());
    expect(await all(admin.storedActors())).toContainEqual({ type: "Account", id: "gone" });
    await cluster.run(admin.destroy({ type: "Account", id: "gone" }));
    expect(await all(admin.storedActors())).not.toContainEqual({ type: "Account", id: "gone" });
    expect(await cluster.run(admin.remindersOf({ type: "Account", id: "gone" }))).toEqual([]);
  });

  it("asks for operators only, also for dead letters", async () => {
    const client = await cluster.run(cluster.connect({ role: "client" }));
    onTestFinished(() => client.close());
    const plain = new AdminClient(client);
    const [silo] = plain.silos;
    const payer = { type: "Account", id: "payer" };
    const asks: (() => Promise<unknown>)[] = [
      () => Array.fromAsync(plain.storedActors()),
      () => plain.snapshot(silo?.siloId ?? ""),
      () => plain.drain(silo?.siloId ?? ""),
      () => plain.remindersOf(payer),
      () => plain.destroy(payer),
      () => client.deadLetters("Account", "payer").list(),
      () => client.deadLetters("Account", "payer").drop(1),
    ];
    for (const ask of asks) {
      // oxlint-disable-next-line no-await-in-loop -- few, and each says which one passed.
      await expect(cluster.run(ask()), String(ask)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
  });

  it("says that it cannot read an answer of another form", async () => {
    const link = cluster.client[ADMIN_LINK];
    const odd = new AdminClient({
      [ADMIN_LINK]: { ...link, view: link.view, askSilo: async () => ({ activations: "many" }) },
    });
    await expect(odd.snapshot("s")).rejects.toThrow(/cannot be read.*snapshot of silo s/);
  });
});
