import { Actor, actor, type CallContext, interleave, oneWay, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** What actors of a test noted, in order. Tests run one at a time. */
let notes: unknown[] = [];
let later: Promise<unknown> = Promise.resolve();
let opened = Promise.withResolvers<void>();

function copyOf({ callId, caller, principal, deadline, headers }: CallContext): object {
  return { callId, caller, principal, deadline, headers };
}

@actor("Guest")
class Guest extends Actor {
  async look(): Promise<object> {
    return copyOf(this.context);
  }

  async lookThrough(id: string): Promise<object> {
    return await this.actor(Guest, id, { timeout: "1h" }).look();
  }

  /** Leaves work behind that goes on when the turn is over. */
  async leaveWork(id: string): Promise<void> {
    const { context } = this;
    later = (async () => {
      await opened.promise;
      let outside: unknown;
      try {
        outside = this.context;
      } catch (error) {
        outside = error;
      }
      notes.push(outside, context.headers);
      return await this.actor(Guest, id).look();
    })();
  }

  async waitForSignal(): Promise<void> {
    const { signal } = this.context;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    notes.push(signal.reason);
  }
}

@actor("Busy", { reentrancy: "full" })
class Busy extends Actor {
  @state() accessor count = 0;
  most = 0;
  #running = 0;

  async work(): Promise<number> {
    this.#running++;
    this.most = Math.max(this.most, this.#running);
    await opened.promise;
    this.count++;
    this.#running--;
    return this.most;
  }

  async fail(): Promise<void> {
    this.count += 1_000;
    await opened.promise;
    throw new RangeError("on purpose");
  }

  @readonly() async read(): Promise<number> {
    return this.count;
  }
}

@actor("Board", { mailboxMax: 3 })
class Board extends Actor {
  @state() accessor lines: string[] = [];

  @oneWay() async write(line: string): Promise<void> {
    this.lines.push(line);
  }

  @oneWay() async fail(): Promise<void> {
    this.lines.push("never seen");
    throw new RangeError("nobody hears this");
  }

  @oneWay() async writeBack(): Promise<void> {
    notes.push(this.context.caller);
    await this.actor(Board, this.id).write("from itself");
  }

  async block(): Promise<void> {
    await opened.promise;
  }

  @interleave() async read(): Promise<string[]> {
    return this.lines;
  }
}

async function start(silos = 2): Promise<TestCluster> {
  notes = [];
  later = Promise.resolve();
  opened = Promise.withResolvers<void>();
  const cluster = await TestCluster.start({ actors: [Guest, Busy, Board], silos });
  onTestFinished(async () => {
    opened.resolve();
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

describe("the context of a turn", () => {
  it("tells who called, until when, and with which headers", async () => {
    const cluster = await start();
    const alice = cluster.actor(Guest, "alice", { timeout: "5s", headers: { tenant: "t" } });
    const now = cluster.clock.now();
    const outside = await cluster.run(alice.look());
    expect(outside).toMatchObject({
      caller: undefined,
      principal: { role: "operator", name: expect.stringMatching(/^client-/) },
      headers: { tenant: "t" },
    });
    const through = (await cluster.run(alice.lookThrough("bob"))) as {
      callId: string;
      deadline: number;
    };
    expect(through).toMatchObject({
      caller: { type: "Guest", id: "alice" },
      headers: {},
    });
    // The called turn has no more time than the one that waits for it, though its reference would
    // give it an hour.
    expect(through.deadline).toBeLessThanOrEqual(now + 6_000);
    expect(through.callId).not.toBe((outside as { callId: string }).callId);
  });

  it("ends with the turn: what goes on after it calls in nobody's name, and with a time of its own", async () => {
    const cluster = await start();
    await cluster.run(
      cluster.actor(Guest, "alice", { timeout: "1s", headers: { tenant: "t" } }).leaveWork("bob"),
    );
    await cluster.advance(5_000);
    opened.resolve();
    const looked = (await cluster.run(later)) as {
      caller: unknown;
      deadline: number;
      headers: unknown;
    };
    expect(notes[0]).toMatchObject({ code: "BAD_CONFIG" });
    expect(notes[1]).toEqual({ tenant: "t" });
    expect(looked).toMatchObject({ caller: undefined, headers: {} });
    expect(looked.deadline).toBeGreaterThan(cluster.clock.now() + 20_000);
  });

  it("has a signal that is aborted when the caller gives up, and when the deadline passes", async () => {
    const cluster = await start();
    const controller = new AbortController();
    const cancelled = cluster.actor(Guest, "a", { signal: controller.signal }).waitForSignal();
    cancelled.catch(() => undefined);
    await cluster.advance(10);
    controller.abort("enough");
    await expect(cluster.run(cancelled)).rejects.toMatchObject({
      code: "CANCELLED",
      ran: "maybe",
      cause: "enough",
    });
    const late = cluster.actor(Guest, "b", { timeout: "1s" }).waitForSignal();
    await expect(cluster.run(late)).rejects.toMatchObject({ code: "TIMEOUT", ran: "maybe" });
    await cluster.advance(10);
    expect(notes.map((reason) => (reason as { code?: string }).code)).toEqual([
      "CANCELLED",
      "TIMEOUT",
    ]);
  });
});

describe("an actor with full reentrancy", () => {
  it("runs turns beside each other, and stores what they changed together", async () => {
    const cluster = await start();
    const busy = cluster.actor(Busy, "b");
    const work = Promise.all([busy.work(), busy.work(), busy.work()]);
    await cluster.advance(10);
    opened.resolve();
    expect(await cluster.run(work)).toEqual([3, 3, 3]);
    expect(await cluster.run(busy.read())).toBe(3);
    for (const { silo } of cluster.silos.slice())
      if (silo.snapshot().activations > 0) cluster.silos.find((one) => one.silo === silo)?.kill();
    await cluster.startSilo();
    await cluster.advance(100);
    expect(await cluster.run(busy.read())).toBe(3);
  });

  it("does not answer a turn before what it could see is stored, and keeps what a throwing one beside it changed", async () => {
    const cluster = await start(1);
    const busy = cluster.actor(Busy, "b");
    const outcomes = Promise.allSettled([busy.fail(), busy.work()]);
    await cluster.advance(10);
    opened.resolve();
    const [failed, worked] = await cluster.run(outcomes);
    expect(failed).toMatchObject({ status: "rejected" });
    expect(worked).toMatchObject({ status: "fulfilled" });
    expect(await cluster.run(busy.read())).toBe(1_001);
  });
});

describe("a one-way call", () => {
  it("resolves when it is sent, runs in order, and its failures go nowhere", async () => {
    const cluster = await start();
    const board = cluster.actor(Board, "b");
    const calls = [board.write("1"), board.fail(), board.write("2")];
    await cluster.run(Promise.all(calls));
    await cluster.advance(100);
    expect(await cluster.run(board.read())).toEqual(["1", "2"]);
  });

  it("belongs to no chain: an actor may send one to itself", async () => {
    const cluster = await start();
    const board = cluster.actor(Board, "b");
    await cluster.run(board.writeBack());
    await cluster.advance(100);
    expect(await cluster.run(board.read())).toEqual(["from itself"]);
    expect(notes).toEqual([undefined]);
  });

  it("to an actor whose mailbox is full is dropped, and nobody waits for it", async () => {
    const cluster = await start(1);
    const board = cluster.actor(Board, "b");
    const block = board.block();
    await cluster.advance(10);
    for (const line of ["1", "2", "3", "4", "5"]) await cluster.run(board.write(line));
    await cluster.advance(10);
    opened.resolve();
    await cluster.run(block);
    await cluster.advance(10);
    expect(await cluster.run(board.read())).toEqual(["1", "2", "3"]);
  });
});
