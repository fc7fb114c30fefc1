import { TroupeError } from "@troupe/core";
import {
  Actor,
  actor,
  type CallFilter,
  type CallFilters,
  idempotent,
  reminder,
  state,
} from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

@actor("Account", { callTimeout: "10s" })
class Account extends Actor {
  @state() accessor balance = 0;

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    if (amount < 0) throw new RangeError("amount must be positive");
    return this.balance;
  }

  async passOn(to: string, amount: number): Promise<number> {
    return await this.actor(Account, to).deposit(amount);
  }

  async post(to: string, amount: number): Promise<void> {
    this.send(Account, to).deposit(amount);
    await this.reminders.set("wake", { in: "1s" });
  }

  async headers(): Promise<Record<string, string>> {
    return { ...this.context.headers };
  }

  @reminder("wake") wake(): void {}

  @idempotent() async read(): Promise<number> {
    return this.balance;
  }
}

async function start(filters: CallFilters, silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let index = 0; index < silos; index++) await cluster.startSilo({ filters });
  return cluster;
}

/** A filter that notes what it sees. */
function noting(notes: string[], name: string): CallFilter {
  return async (call, next) => {
    notes.push(`${name} before ${call.type}/${call.id}.${call.method}(${call.args.join(",")})`);
    try {
      const result = await next();
      notes.push(`${name} after ${String(result)}`);
      return result;
    } catch (error) {
      notes.push(`${name} failed ${String(error)}`);
      throw error;
    }
  };
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.unreachable(String(value)),
    (error: unknown) => error,
  );

describe("filters of incoming calls", () => {
  it("see each call from the outermost to the innermost and back, and what it ends with", async () => {
    const notes: string[] = [];
    const cluster = await start({ incoming: [noting(notes, "1"), noting(notes, "2")] });
    const account = cluster.actor(Account, "a");
    expect(await cluster.run(account.deposit(5))).toBe(5);
    await expect(cluster.run(account.deposit(-1))).rejects.toThrow(RangeError);
    expect(notes).toEqual([
      "1 before Account/a.deposit(5)",
      "2 before Account/a.deposit(5)",
      "2 after 5",
      "1 after 5",
      "1 before Account/a.deposit(-1)",
      "2 before Account/a.deposit(-1)",
      "2 failed RangeError: amount must be positive",
      "1 failed RangeError: amount must be positive",
    ]);
    expect(await cluster.run(account.read())).toBe(5);
  });

  it("see who calls and until when, also of durable sends, but no ticks", async () => {
    const seen: unknown[] = [];
    const cluster = await start({
      incoming: [
        async (call, next) => {
          seen.push([call.method, call.caller?.id, call.deadline - cluster.clock.now() > 5_000]);
          return await next();
        },
      ],
    });
    await cluster.run(cluster.actor(Account, "a").passOn("b", 1));
    await cluster.run(cluster.actor(Account, "a").post("c", 2));
    await cluster.advance(3_000);
    expect(seen).toEqual([
      ["passOn", undefined, true],
      ["deposit", "a", true],
      ["post", undefined, true],
      ["deposit", undefined, true],
    ]);
  });

  it("keep the order of calls, however long they take", async () => {
    let pause = 50;
    const cluster = await start({
      incoming: [
        async (_, next) => {
          await new Promise<void>((resolve) => {
            cluster.clock.schedule((pause -= 10), resolve);
          });
          return await next();
        },
      ],
    });
    const account = cluster.actor(Account, "a");
    const results = Promise.all([account.deposit(1), account.deposit(2), account.deposit(3)]);
    expect(await cluster.run(results)).toEqual([1, 3, 6]);
  });

  it("that throw before next() fail the call, which has not run", async () => {
    const cluster = await start({
      incoming: [
        async (call, next) => {
          if (call.method === "deposit")
            throw new TroupeError("UNAUTHENTICATED", "not you", { ran: "maybe" });
          return await next();
        },
      ],
    });
    const account = cluster.actor(Account, "a");
    const error = await cluster.run(failure(account.deposit(5)));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", ran: "no" });
    expect(String(error)).toContain("not you");
    expect(await cluster.run(account.read())).toBe(0);
  });

  it("that throw after next() fail the call, and nothing of it is stored", async () => {
    const cluster = await start({
      incoming: [
        async (call, next) => {
          const result = await next();
          if (call.method === "deposit") throw new TroupeError("INTERNAL", "too late");
          return result;
        },
      ],
    });
    const account = cluster.actor(Account, "a");
    const error = await cluster.run(failure(account.deposit(5)));
    expect(error).toMatchObject({ code: "INTERNAL", ran: "yes" });
    expect(await cluster.run(account.read())).toBe(0);
  });

  it("that never call next() answer themselves", async () => {
    const cluster = await start({ incoming: [async () => 42] });
    expect(await cluster.run(cluster.actor(Account, "a").read())).toBe(42);
  });

  it("that never end hold their turn, and the caller is told at its deadline", async () => {
    const cluster = await start({ incoming: [() => new Promise(() => undefined)] });
    const account = cluster.actor(Account, "a", { timeout: "2s" });
    expect(await cluster.run(failure(account.deposit(5)))).toMatchObject({
      code: "TIMEOUT",
      ran: "maybe",
      message: expect.stringContaining("Account/a.deposit()"),
    });
  });

  it("that call next() twice are told so, and the method has run once", async () => {
    let calls = 0;
    const cluster = await start({
      incoming: [
        async (_, next) => {
          await next();
          return await next();
        },
        async (_, next) => {
          calls++;
          return await next();
        },
      ],
    });
    const error = await cluster.run(failure(cluster.actor(Account, "a").read()));
    expect(String(error)).toMatch(
      /BAD_CONFIG\] a filter called next\(\) twice for Account\/a.read/,
    );
    expect(calls).toBe(1);
  });

  it("cannot change what came with the call", async () => {
    const cluster = await start({
      incoming: [
        async (call, next) => {
          call.headers.trace = "mine";
          return await next();
        },
      ],
    });
    expect(await cluster.run(failure(cluster.actor(Account, "a").headers()))).toBeInstanceOf(
      TypeError,
    );
  });
});

describe("filters of outgoing calls", () => {
  it("see the calls of actors and of the program, and may add headers that are passed on", async () => {
    const seen: unknown[] = [];
    const cluster = await start({
      outgoing: [
        async (call, next) => {
          seen.push([call.method, call.caller?.id, [...call.args]]);
          call.headers.trace ??= "t1";
          return await next();
        },
      ],
    });
    const silo = cluster.silos[0]?.silo;
    const account = silo?.actor(Account, "a", { headers: { user: "u" } });
    expect(await cluster.run(account?.headers() ?? Promise.reject(new Error("no silo")))).toEqual({
      user: "u",
      trace: "t1",
    });
    expect(await cluster.run(cluster.actor(Account, "a").passOn("b", 3))).toBe(3);
    expect(seen).toEqual([
      ["headers", undefined, []],
      ["deposit", "a", ["b", 3].slice(1)],
    ]);
  });

  it("may refuse a call, answer it, or call again through a new reference", async () => {
    const cluster = await start({
      outgoing: [
        async (call, next) => {
          if (call.id === "refused") throw new RangeError("not there");
          if (call.id === "answered") return 7;
          return await next();
        },
      ],
    });
    const passOn = (to: string): Promise<unknown> =>
      cluster.run(cluster.actor(Account, "a").passOn(to, 1));
    await expect(passOn("refused")).rejects.toThrow("not there");
    expect(await passOn("answered")).toBe(7);
    expect(await passOn("else")).toBe(1);
  });

  it.each([
    { what: "never call next()", isMade: false, why: "neither called next.. nor ended", ran: "no" },
    { what: "never end", isMade: true, why: "has not ended", ran: "maybe" },
  ])("that $what do not hold the caller for ever", async ({ isMade, why, ran }) => {
    const cluster = await start({});
    const hanging: CallFilter = async (_, next) => {
      if (isMade) await next();
      return await new Promise(() => undefined);
    };
    const client = await cluster.run(cluster.connect({ filters: { outgoing: [hanging] } }));
    const from = cluster.clock.monotonic();
    const call = client.actor(Account, "a", { timeout: "2s" }).deposit(5);
    expect(await cluster.run(failure(call))).toMatchObject({
      code: "TIMEOUT",
      ran,
      message: expect.stringMatching(
        new RegExp(`filter of outgoing calls.*${why}.*Account/a.deposit`),
      ),
    });
    expect(cluster.clock.monotonic() - from).toBeLessThanOrEqual(3_100);
    await client.close();
  });

  it("of a client see its calls, and each header that is added arrives", async () => {
    const cluster = await start({});
    const client = await cluster.run(
      cluster.connect({
        filters: {
          outgoing: [
            async (call, next) => {
              call.headers.trace = `of ${call.method}`;
              return await next();
            },
          ],
        },
      }),
    );
    expect(await cluster.run(client.actor(Account, "a").headers())).toEqual({
      trace: "of headers",
    });
    await client.close();
  });

  it("that set a header which is none are told so", async () => {
    const cluster = await start({
      outgoing: [
        async (call, next) => {
          Object.assign(call.headers, { trace: 5 });
          return await next();
        },
      ],
    });
    const error = await cluster.run(failure(cluster.actor(Account, "a").passOn("b", 1)));
    expect(String(error)).toMatch(/BAD_CONFIG\] header trace is a number/);
  });
});
