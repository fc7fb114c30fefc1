import type { ClusterClient } from "@troupe/client";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import type { AccessRule } from "./routing/access-rules.ts";

@actor("Account", { idleAfter: "1m" })
class Account extends Actor {
  @state() accessor balance = 0;

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }

  async close(): Promise<void> {
    this.destroy();
  }

  @readonly() async scaled(factor: number): Promise<{ readonly amount: number }> {
    if (this.id === "bad") throw new RangeError("no balance");
    return { amount: this.balance * factor };
  }
}

@actor("Page")
class Page extends Actor {
  async read(): Promise<number> {
    return 1;
  }
}

@actor("Vault", { access: "internal" })
class Vault extends Actor {
  @state() accessor open = false;
}

@actor("Resize", { statelessWorker: true })
class Resize extends Actor {
  async run(): Promise<void> {}
}

interface Started {
  readonly cluster: TestCluster;
  readonly ids: readonly string[];
}

/** A cluster with this many accounts, and what their ids are, in order. */
async function start(accounts: number, silos = 3): Promise<Started> {
  const cluster = await TestCluster.start({ actors: [Account, Page, Vault, Resize], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const ids = Array.from({ length: accounts }, (_, at) => `${at % 2 === 0 ? "eu" : "us"}/${at}`);
  await cluster.run(Promise.all(ids.map((id, at) => cluster.actor(Account, id).deposit(at + 1))));
  return { cluster, ids: ids.toSorted() };
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}

/** What an iterable gives, on the cluster's time. */
async function all(cluster: TestCluster, ids: AsyncIterable<string>): Promise<string[]> {
  return (await cluster.run(Array.fromAsync(ids))).toSorted();
}

describe("the stored actors of a type", () => {
  it("are listed from a client and from a silo, active or not", async () => {
    const { cluster, ids } = await start(40);
    await cluster.run(cluster.actor(Page, "p").read());
    await cluster.advance(3 * 60_000);
    for (const from of [cluster.client, ...cluster.silos.map(({ silo }) => silo)]) {
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other.
      expect(await all(cluster, from.actors(Account).list())).toEqual(ids);
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other.
      expect(await all(cluster, from.actors("Account").list({ prefix: "us/" }))).toEqual(
        ids.filter((id) => id.startsWith("us/")),
      );
      // oxlint-disable-next-line no-await-in-loop -- one caller after the other.
      expect(await all(cluster, from.actors(Page).list())).toEqual([]);
    }
  });

  it("come in pages, of which none misses what is there all the time", async () => {
    const { cluster, ids } = await start(25);
    const found: string[] = [];
    let after: string | undefined;
    let pages = 0;
    do {
      const query = after === undefined ? { limit: 4 } : { limit: 4, after };
      // oxlint-disable-next-line no-await-in-loop -- one page after the other.
      const page = await cluster.run(Promise.resolve(cluster.client.actors(Account).list(query)));
      expect(page.ids.length).toBeLessThanOrEqual(4);
      found.push(...page.ids);
      // oxlint-disable-next-line no-await-in-loop -- actors come and go between two pages.
      await cluster.run(cluster.actor(Account, `new ${pages++}`).deposit(1));
      // oxlint-disable-next-line no-await-in-loop -- actors come and go between two pages.
      await cluster.run(cluster.actor(Account, ids[pages] ?? "").close());
      after = page.next;
    } while (after !== undefined);
    expect(found).toEqual(expect.arrayContaining(ids.slice(pages + 1)));
    expect(new Set(found).size).toBe(found.length);
  });

  it("are listed by another silo if the first one does not answer", async () => {
    const { cluster, ids } = await start(10);
    const [first] = cluster.client.view.members;
    cluster.silos.find(({ silo }) => silo.siloId === first?.siloId)?.kill();
    expect(await all(cluster, cluster.client.actors(Account).list())).toEqual(ids);
  });
});

describe("the active actors of a type", () => {
  it("are listed over all silos, in order and in pages", async () => {
    const { cluster, ids } = await start(50);
    const search = cluster.client.actors(Account);
    const found = await cluster.run(Array.fromAsync(search.active({ limit: 7 })));
    expect(found).toEqual(ids);
    const prefix = "us/1";
    const { ids: page, next } = await cluster.run(
      Promise.resolve(search.active({ prefix, limit: 2 })),
    );
    expect(page).toEqual(["us/1", "us/11"]);
    expect(next).toBe("us/11");
    const rest = await cluster.run(
      Array.fromAsync(search.active({ prefix, limit: 2, after: next ?? "" })),
    );
    expect(rest).toEqual(["us/13", "us/15", "us/17", "us/19"]);
  });

  it("are no more when they were idle for long, and a silo that left has none", async () => {
    const { cluster, ids } = await start(10);
    const [, leaving] = cluster.silos;
    if (leaving !== undefined) await cluster.stopSilo(leaving);
    const left = await all(cluster, cluster.client.actors(Account).active());
    expect(left.length).toBeLessThan(ids.length);
    expect(ids).toEqual(expect.arrayContaining(left));
    await cluster.advance(3 * 60_000);
    expect(await all(cluster, cluster.client.actors(Account).active())).toEqual([]);
  });
});

describe("reading many actors", () => {
  it("gives what each said, in the order of the ids, and failures as values", async () => {
    const { cluster, ids } = await start(200);
    const asked = [...ids.toReversed(), "bad", "", "new"];
    const read = await cluster.run(cluster.client.actors(Account).readMany(asked, "scaled", 2));
    expect(read.map(({ id }) => id)).toEqual(asked);
    for (const one of read.slice(0, 200)) {
      const value = { amount: 2 * (Number(one.id.split("/")[1]) + 1) };
      expect(one).toEqual({ id: one.id, status: "fulfilled", value });
    }
    expect(read.slice(200)).toMatchObject([
      { status: "rejected", reason: new RangeError("no balance") },
      { status: "rejected", reason: { code: "BAD_ACTOR_ID" } },
      { status: "fulfilled", value: { amount: 0 } },
    ]);
  });

  it("wakes nobody if it is told so", async () => {
    const { cluster } = await start(2);
    const search = cluster.client.actors(Account, { ifActive: true });
    const read = await cluster.run(search.readMany(["eu/0", "eu/99"], "scaled", 1));
    expect(read).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "NOT_ACTIVE" } },
    ]);
    expect(await all(cluster, search.active())).toEqual(["eu/0", "us/1"]);
  });

  it("knows the methods of a class, their arguments and their results", async () => {
    const { cluster } = await start(1);
    const search = cluster.client.actors(Account);
    const read = await cluster.run(search.readMany(["eu/0"], "scaled", 1));
    expectTypeOf(read[0]).toExtend<
      | { id: string; status: "fulfilled"; value: { readonly amount: number } }
      | { id: string; status: "rejected" }
      | undefined
    >();
    // @ts-expect-error -- there is no such method.
    const unknown = search.readMany(["eu/0"], "missing");
    expect(await cluster.run(unknown)).toMatchObject([{ reason: { code: "NO_SUCH_METHOD" } }]);
    // @ts-expect-error -- the argument is missing.
    await cluster.run(search.readMany(["eu/0"], "scaled"));
    const typed = cluster.client.actors<Account>("Account");
    expectTypeOf(typed).toEqualTypeOf(search);
    const untyped = await cluster.run(cluster.client.actors("Account").readMany(["eu/0"], "then"));
    expect(untyped).toMatchObject([{ status: "rejected", reason: { code: "NO_SUCH_METHOD" } }]);
  });

  it("takes at most 10,000 ids, and nothing that is no list", async () => {
    const { cluster } = await start(0);
    const search = cluster.client.actors(Account);
    const endless = (function* (): Iterable<string> {
      for (;;) yield "a";
    })();
    await expect(search.readMany(endless, "scaled", 1)).rejects.toThrow(
      "[BAD_CONFIG] readMany takes at most 10000 ids",
    );
    await expect(search.readMany("abc", "scaled", 1)).rejects.toThrow(
      '[BAD_CONFIG] ids are "abc"; give an array of ids',
    );
  });
});

describe("looking for actors", () => {
  it("is refused beyond 64 lists at once on a silo, and goes on with less", async () => {
    const { cluster, ids } = await start(10, 1);
    const search = cluster.client.actors(Account);
    const [started] = cluster.silos;
    const hold = started?.stores.hold();
    const lists = Array.from({ length: 100 }, () =>
      Promise.resolve(search.list()).then(({ ids: page }) => page, messageOf),
    );
    await cluster.advance(100);
    hold?.release();
    const found = await cluster.run(Promise.all(lists));
    expect(found.filter((one) => typeof one === "string")[0]).toContain("reads 64 lists of actors");
    expect(found.filter((one) => typeof one !== "string")).toHaveLength(64);
    expect(await all(cluster, search.list())).toEqual(ids);
  });

  it("refuses what is out of its limits, and names what would be right", async () => {
    const { cluster } = await start(0);
    const search = cluster.client.actors(Account);
    for (const limit of [0, -1, 1_001, 1.5, Number.NaN, "5" as unknown as number])
      expect(() => search.list({ limit })).toThrow(/\[BAD_CONFIG\] limit is .*from 1 to 1000/);
    expect(() => search.active({ limit: 0 })).toThrow("[BAD_CONFIG] limit is 0");
    expect(() => search.list({ prefix: "x".repeat(1_025) })).toThrow("[BAD_CONFIG] prefix is");
    expect(() => search.list({ prefix: 5 as unknown as string })).toThrow("prefix is 5");
    expect(() => search.list({ after: "" })).toThrow('after is ""; give the next of the page');
  });

  it("fails for a type that nobody hosts, a worker, and a cluster without silos", async () => {
    const { cluster } = await start(1, 1);
    const from = (client: ClusterClient, type: string): Promise<unknown> =>
      cluster.run(Promise.resolve(client.actors(type).list()));
    await expect(from(cluster.client, "Acount")).rejects.toThrow(
      "[NO_SUCH_ACTOR_TYPE] no silo hosts the actor type Acount; the types are Account, Page, Resize, Vault",
    );
    await expect(from(cluster.client, "Resize")).rejects.toMatchObject({ code: "BAD_CONFIG" });
    expect(() => cluster.client.actors(Resize)).toThrow(
      "[BAD_CONFIG] Resize is a stateless worker",
    );
    expect(() => cluster.client.actors("")).toThrow("[NO_SUCH_ACTOR_TYPE]");
    const [only] = cluster.silos;
    if (only !== undefined) await cluster.stopSilo(only);
    const gone = { code: "CLUSTER_UNAVAILABLE" };
    await expect(from(cluster.client, "Account")).rejects.toMatchObject(gone);
  });

  it("is for clients as far as rules of access let them call the type", async () => {
    const access: readonly AccessRule[] = [
      { caller: "*", types: ["Account"], methods: ["deposit"], allow: false },
      { caller: "*", types: ["Account"], methods: ["scaled"] },
      { caller: "*", types: ["Page"], allow: false },
      { caller: "*", types: ["*"] },
    ];
    const { cluster } = await start(0, 0);
    await cluster.startSilo({ access });
    const client = await cluster.run(cluster.connect({ role: "client" }));
    onTestFinished(() => client.close());
    expect(await all(cluster, client.actors(Account).list())).toEqual([]);
    for (const type of [Page, Vault]) {
      const list = Promise.resolve(client.actors<Actor>(type as never).list());
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await expect(cluster.run(list)).rejects.toMatchObject({ code: "FORBIDDEN" });
    }
    expect(await all(cluster, cluster.client.actors(Vault).active())).toEqual([]);
  });
});
