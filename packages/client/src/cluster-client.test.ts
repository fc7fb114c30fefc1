import {
  Actor,
  actor,
  type ActorRef,
  idempotent,
  internal,
  readonly,
  state,
  type UntypedActorRef,
} from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import type { ClusterClient } from "./cluster-client.ts";

/**
 * What a slot may hold: a slot whose type is a reference to its own class would be typed by itself.
 */
interface Payee {
  deposit(amount: number): Promise<number>;
}

@actor("Account", { callTimeout: "10s" })
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor friend: Payee | undefined = undefined;
  @state() accessor friends = new Map<string, Payee>();

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }

  @readonly() async read(): Promise<number> {
    return this.balance;
  }

  async payTo(other: ActorRef<Account>, amount: number): Promise<string> {
    this.balance -= amount;
    await other.deposit(amount);
    return nameOf(other);
  }

  async befriend(other: ActorRef<Account>): Promise<void> {
    this.friend = other;
    this.friends.set(nameOf(other), other);
  }

  async giveAll(amount: number): Promise<number[]> {
    const answers: number[] = [];
    if (this.friend !== undefined) answers.push(await this.friend.deposit(amount));
    for (const friend of this.friends.values()) answers.push(await friend.deposit(amount));
    return answers;
  }

  async introduce(): Promise<ActorRef<Account>> {
    return this.actor(Account, "bob");
  }

  @internal() async secret(): Promise<void> {}

  async fail(): Promise<never> {
    throw new RangeError("from inside");
  }

  @idempotent() async slow(): Promise<void> {
    await new Promise(() => undefined);
  }

  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    return this.context.headers;
  }

  async headersBeyond(
    more: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>>> {
    return await this.actor(Account, "beyond", { headers: more }).headers();
  }
}

function typed(client: ClusterClient) {
  return client.actor(Account, "alice");
}

function untyped(client: ClusterClient) {
  return client.actor("Account", "alice");
}

/** As a reference prints. */
function nameOf(reference: unknown): string {
  return String(reference);
}

@actor("Arrow")
class Arrow extends Actor {
  readonly add = async (): Promise<number> => 1;
}

async function start(silos = 2): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account, Arrow], silos });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

async function errorOf(cluster: TestCluster, call: Promise<unknown>): Promise<unknown> {
  return await cluster.run(call.then(() => undefined).catch((error: unknown) => error));
}

describe("a client", () => {
  it("gives typed references by class, and untyped ones by name", () => {
    expectTypeOf<ClusterClient["actor"]>().toBeFunction();
    expectTypeOf(typed).returns.toEqualTypeOf<ActorRef<Account>>();
    expectTypeOf(untyped).returns.toEqualTypeOf<UntypedActorRef>();
    expectTypeOf<ActorRef<Account>["deposit"]>().toEqualTypeOf<
      (amount: number) => Promise<number>
    >();
    expectTypeOf<keyof ActorRef<Account>>().not.toEqualTypeOf<"balance">();
    // @ts-expect-error A method takes what it declares.
    void ((client: ClusterClient) => client.actor(Account, "alice").deposit("5"));
    // @ts-expect-error State is not part of a reference.
    void ((client: ClusterClient) => client.actor(Account, "alice").balance);
    // @ts-expect-error What every actor has is not part of a reference.
    void ((client: ClusterClient) => client.actor(Account, "alice").deactivate());
    // @ts-expect-error An id is a string.
    void ((client: ClusterClient) => client.actor(Account, 5));
  });

  it("calls public methods only, and says which there are", async () => {
    const cluster = await start(1);
    const { client } = cluster;
    for (const alice of [
      client.actor("Account", "alice"),
      client.actor(Account, "alice") as unknown as UntypedActorRef,
    ]) {
      for (const name of ["secret", "onActivate", "deactivate", "withdraw", "hasOwnProperty"]) {
        const error = await errorOf(cluster, alice[name]?.() ?? Promise.resolve());
        expect(error).toMatchObject({ code: "NO_SUCH_METHOD", ran: "no" });
        expect(String(error)).toContain(
          `Account/alice has no public method ${name}; it has deposit, read, payTo`,
        );
      }
    }
  });

  it("says of a field that holds a function that it is not a method", async () => {
    const cluster = await start(1);
    const error = await errorOf(cluster, cluster.client.actor(Arrow, "a").add());
    expect(error).toMatchObject({ code: "NO_SUCH_METHOD", ran: "no" });
    expect(String(error)).toContain("A field that holds a function is not a method");
  });

  it("passes a reference as an argument, which works on the other side", async () => {
    const cluster = await start();
    const [alice, bob] = [cluster.actor(Account, "alice"), cluster.actor(Account, "bob")];
    expect(await cluster.run(alice.payTo(bob, 5))).toBe("Account/bob");
    expect(await cluster.run(alice.read())).toBe(-5);
    expect(await cluster.run(bob.read())).toBe(5);
  });

  it("takes a reference as a result", async () => {
    const cluster = await start();
    const bob = await cluster.run(cluster.actor(Account, "alice").introduce());
    expect(nameOf(bob)).toBe("Account/bob");
    expect(await cluster.run(bob.deposit(3))).toBe(3);
  });

  it("lets an actor keep references in its state, beyond its activation", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice");
    await cluster.run(alice.befriend(cluster.actor(Account, "bob")));
    await cluster.advance(1_000_000);
    expect(cluster.silos.map(({ silo }) => silo.snapshot().activations)).toEqual([0, 0]);
    expect(await cluster.run(alice.giveAll(2))).toEqual([2, 4]);
  });

  it("copies arguments and results, also for calls within one silo", async () => {
    const cluster = await start(1);
    const silo = cluster.silos[0]?.silo;
    const value = {
      list: [1, 2],
      map: new Map([["x", new Set([1])]]),
      at: new Date(5),
      bytes: new Float64Array([1.5]),
    };
    for (const from of [cluster.client, silo]) {
      const echoed = await cluster.run(
        from?.actor(Account, "alice").echo(value) ?? Promise.resolve(),
      );
      expect(echoed).toEqual(value);
      expect(echoed).not.toBe(value);
    }
  });

  it("refuses what cannot be copied, and names the path", async () => {
    const cluster = await start();
    const error = await errorOf(
      cluster,
      cluster.actor(Account, "alice").echo({ items: [1, { done: () => 1 }] }),
    );
    expect(error).toMatchObject({ code: "NOT_SERIALIZABLE", ran: "no" });
    expect(String(error)).toContain("args[0].items[1].done");
    const big = await errorOf(
      cluster,
      cluster.actor(Account, "alice").echo(new Uint8Array(5_000_000)),
    );
    expect(big).toMatchObject({ code: "PAYLOAD_TOO_LARGE", ran: "no" });
  });

  it("shows both sides of a call in the stack of what it threw", async () => {
    const cluster = await start();
    const callIt = async (): Promise<void> => {
      await cluster.actor(Account, "alice").fail();
    };
    const error = await errorOf(cluster, callIt());
    expect(error).toBeInstanceOf(RangeError);
    const { stack } = error as Error;
    expect(stack).toMatch(/RangeError: from inside\n\s+at _?Account\.fail/);
    expect(stack).toMatch(/-- called from --\n[\s\S]*callIt/);
  });

  it("shows only the caller in the stack of a call that got no answer, and where a call was made that could not be", async () => {
    const cluster = await start();
    const callIt = async (argument?: unknown): Promise<void> => {
      const alice = cluster.actor(Account, "alice", { timeout: "1s" });
      await (argument === undefined ? alice.slow() : alice.echo(argument));
    };
    const late = (await errorOf(cluster, callIt())) as Error;
    expect(late.stack).toMatch(
      /^TroupeError: \[TIMEOUT\] Account\/alice\.slow\(\) got no answer[^\n]*\n[\s\S]*at (async )?callIt/,
    );
    expect(late.stack).not.toContain("pending-calls");
    const wrong = (await errorOf(
      cluster,
      callIt(() => 1),
    )) as Error;
    expect(wrong.stack).toMatch(
      /^TroupeError: \[NOT_SERIALIZABLE\][^\n]*\n[\s\S]*at (async )?callIt/,
    );
  });

  it("ends a call after the timeout of the reference, else after that of the type", async () => {
    const cluster = await start();
    const from = cluster.clock.monotonic();
    expect(
      await errorOf(cluster, cluster.actor(Account, "a", { timeout: "2s" }).slow()),
    ).toMatchObject({ code: "TIMEOUT" });
    expect(cluster.clock.monotonic() - from).toBe(2_000);
    expect(await errorOf(cluster, cluster.actor(Account, "b").slow())).toMatchObject({
      code: "TIMEOUT",
    });
    expect(cluster.clock.monotonic() - from).toBe(12_000);
  });

  it("refuses wrong ids, timeouts and headers at once", async () => {
    const cluster = await start(1);
    expect(() => cluster.actor(Account, "")).toThrowError(
      expect.objectContaining({ code: "BAD_ACTOR_ID" }),
    );
    expect(() => cluster.actor(Account, "x".repeat(1_025))).toThrowError(
      expect.objectContaining({ code: "BAD_ACTOR_ID" }),
    );
    expect(() => cluster.actor(Account, "\ud800")).toThrowError(
      expect.objectContaining({ code: "BAD_ACTOR_ID" }),
    );
    expect(nameOf(cluster.actor(Account, "x".repeat(1_024)))).toHaveLength(1_032);
    expect(() => cluster.actor(Account, "x", { timeout: "soon" as "1s" })).toThrow(
      '[BAD_CONFIG] timeout of Account/x is "soon"; give milliseconds',
    );
    expect(() => cluster.actor(Account, "x", { timeout: Infinity })).toThrow("is Infinity; give");
    expect(() => cluster.actor(Account, "x", { timout: "5s" } as object)).toThrow(
      '[BAD_CONFIG] "timout" is not an option of Account/x; there are timeout, signal, headers, idempotencyKey, ifActive, stream, idleTimeout, window, resume; did you mean timeout?',
    );
    expect(() => cluster.actor(Account, "x", "5s" as never)).toThrow(
      'the options of Account/x are "5s"; give an object',
    );
    expect(() => cluster.client.actor("", "x")).toThrowError(
      expect.objectContaining({ code: "NO_SUCH_ACTOR_TYPE" }),
    );
    const headers = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`h${index}`, ""]));
    expect(() => cluster.actor(Account, "x", { headers })).toThrowError(
      expect.objectContaining({ code: "BAD_CONFIG" }),
    );
    const large = { large: "x".repeat(16 * 1_024) };
    expect(() => cluster.actor(Account, "x", { headers: large })).toThrowError(
      expect.objectContaining({ code: "BAD_CONFIG" }),
    );
    const wrong = { number: 5 as unknown as string };
    expect(() => cluster.actor(Account, "x", { headers: wrong })).toThrowError(
      expect.objectContaining({ code: "BAD_CONFIG" }),
    );
  });

  it("sends headers along, to the called actor and no further", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice", { headers: { tenant: "t1", trace: "1" } });
    expect(await cluster.run(alice.headers())).toEqual({ tenant: "t1", trace: "1" });
    expect(await cluster.run(alice.headersBeyond({ more: "x" }))).toEqual({ more: "x" });
    expect(await cluster.run(cluster.actor(Account, "alice").headers())).toEqual({});
  });

  it("does not send a call whose signal was aborted before", async () => {
    const cluster = await start();
    const alice = cluster.actor(Account, "alice", { signal: AbortSignal.abort("no more") });
    expect(await errorOf(cluster, alice.deposit(5))).toMatchObject({
      code: "CANCELLED",
      ran: "no",
      cause: "no more",
    });
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(0);
  });

  it("fails what is under way with CANCELLED when it is closed, and takes no calls after that", async () => {
    const cluster = await start();
    const client = await cluster.run(cluster.connect());
    const slow = client.actor(Account, "alice").slow();
    slow.catch(() => undefined);
    await cluster.advance(10);
    await client.close();
    await client.close();
    expect(await errorOf(cluster, slow)).toMatchObject({ code: "CANCELLED", ran: "maybe" });
    expect(await errorOf(cluster, client.actor(Account, "alice").read())).toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
    });
  });

  it("waits for a silo until the deadline, and says that there was none", async () => {
    const cluster = await start(1);
    cluster.silos[0]?.kill();
    await cluster.advance(10_000);
    const outcome = await errorOf(
      cluster,
      cluster.actor(Account, "alice", { timeout: "3s" }).read(),
    );
    expect(outcome).toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
      ran: "no",
      message: expect.stringContaining("no silo of the cluster test was active"),
    });
    const waiting = cluster.actor(Account, "alice").deposit(5);
    await cluster.startSilo();
    expect(await cluster.run(waiting)).toBe(5);
  });

  it("with another cluster's name, or without its token, cannot call", async () => {
    const cluster = await TestCluster.start({ actors: [Account], silos: 1, token: "secret" });
    onTestFinished(async () => {
      await cluster[Symbol.asyncDispose]();
    });
    expect(await cluster.run(cluster.actor(Account, "alice").deposit(5))).toBe(5);
    for (const options of [{ token: "wrong" }, { cluster: "other" }]) {
      const stranger = await cluster.run(cluster.connect(options));
      const outcome = await errorOf(
        cluster,
        stranger.actor(Account, "alice", { timeout: "2s" }).deposit(1),
      );
      expect(outcome).toMatchObject({ ran: "no" });
      await stranger.close();
    }
    expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(5);
  });
});
