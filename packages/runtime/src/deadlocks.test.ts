import { sleep, type TroupeError } from "@troupe/core";
import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

let { clock }: Pick<TestCluster, "clock"> = {} as TestCluster;

@actor("Peer", { callTimeout: "20s" })
class Peer extends Actor {
  @state() accessor asked = 0;

  async ping(): Promise<string> {
    return "pong";
  }

  async ask(other: string): Promise<string> {
    this.asked++;
    await sleep(clock, 50);
    return await this.actor(Peer, other).ping();
  }

  /** Asks the peers one after the other, each of whom asks the rest. */
  async through(others: string[]): Promise<string> {
    await sleep(clock, 50);
    const [next, ...rest] = others;
    if (next === undefined) return "end";
    return await this.actor(Peer, next).through(rest);
  }

  async fan(left: string, right: string): Promise<string[]> {
    return await Promise.all([
      this.actor(Peer, left).ask(right),
      this.actor(Peer, right).ask(left),
    ]);
  }

  async work(ms: number, then: string[]): Promise<string> {
    await sleep(clock, ms);
    const [next, ...rest] = then;
    return next === undefined ? "done" : await this.actor(Peer, next).work(ms, rest);
  }

  async count(): Promise<number> {
    return this.asked;
  }
}

@actor("Open", { reentrancy: "full" })
class Open extends Actor {
  async ping(): Promise<string> {
    return "pong";
  }

  async ask(other: string): Promise<string> {
    await sleep(clock, 50);
    return await this.actor(Open, other).ping();
  }
}

async function start(silos: number): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Peer, Open], silos });
  ({ clock } = cluster);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

interface Ended {
  readonly value?: unknown;
  readonly error?: TroupeError;
  readonly afterMs: number;
}

/** How each of the calls ends, and when. */
async function outcomes(
  cluster: TestCluster,
  calls: readonly Promise<unknown>[],
): Promise<Ended[]> {
  const began = clock.monotonic();
  const ended = calls.map(async (call) => {
    try {
      const value = await call;
      return { value, afterMs: clock.monotonic() - began };
    } catch (error) {
      return { error: error as TroupeError, afterMs: clock.monotonic() - began };
    }
  });
  return await cluster.run(Promise.all(ended));
}

function deadlocksOf(ended: readonly Ended[]): TroupeError[] {
  return ended.flatMap(({ error }) => (error?.code === "DEADLOCK" ? [error] : []));
}

describe("actors that wait for each other in two chains", () => {
  for (const silos of [1, 3]) {
    it(`are told so soon, with the cycle, and one of the calls is served (${silos} silos)`, async () => {
      const cluster = await start(silos);
      // With three silos most pairs live on two.
      for (let pair = 0; pair < 6; pair++) {
        const [a, b] = [`a${pair}`, `b${pair}`];
        const ended = await outcomes(cluster, [
          cluster.actor(Peer, a).ask(b),
          cluster.actor(Peer, b).ask(a),
        ]);
        const [error, ...others] = deadlocksOf(ended);
        expect(others).toEqual([]);
        expect(error?.message).toMatch(
          /^\[DEADLOCK\] Peer\/(a|b)\d\.ask\(\) -> Peer\/(a|b)\d\.ask\(\) -> Peer\/(a|b)\d\.ping\(\): these turns wait/,
        );
        expect(ended.filter(({ value }) => value === "pong")).toHaveLength(1);
        expect(Math.max(...ended.map(({ afterMs }) => afterMs))).toBeLessThan(1_000);
      }
    });

    it(`are told so when there are three of them, and the turn that failed left no trace (${silos} silos)`, async () => {
      const cluster = await start(silos);
      const ids = ["x", "y", "z"];
      const ended = await outcomes(
        cluster,
        ids.map((id, index) => cluster.actor(Peer, id).ask(ids[(index + 1) % 3] ?? "")),
      );
      expect(deadlocksOf(ended)).toHaveLength(1);
      expect(ended.filter(({ value }) => value === "pong")).toHaveLength(2);
      expect(Math.max(...ended.map(({ afterMs }) => afterMs))).toBeLessThan(1_500);
      const counts = ids.map((id) => cluster.actor(Peer, id).count());
      const sum = (await cluster.run(Promise.all(counts))).reduce((left, right) => left + right);
      expect(sum).toBe(2);
    });

    it(`are told so within one chain that has forked, and over long chains (${silos} silos)`, async () => {
      const cluster = await start(silos);
      const forked = await outcomes(cluster, [cluster.actor(Peer, "a").fan("b", "c")]);
      expect(deadlocksOf(forked)).toHaveLength(1);
      expect(forked[0]?.afterMs).toBeLessThan(1_000);
      const long = await outcomes(cluster, [
        cluster.actor(Peer, "p1").through(["p2", "p3", "q1"]),
        cluster.actor(Peer, "q1").through(["q2", "q3", "p1"]),
      ]);
      expect(deadlocksOf(long)).toHaveLength(1);
      expect(Math.max(...long.map(({ afterMs }) => afterMs))).toBeLessThan(1_500);
    });
  }
});

describe("what is not a deadlock", () => {
  it("is a call that comes back through its own chain, or to an actor that lets all in", async () => {
    const cluster = await start(2);
    const ended = await outcomes(cluster, [
      cluster.actor(Peer, "a").through(["b", "a", "b"]),
      cluster.actor(Open, "a").ask("b"),
      cluster.actor(Open, "b").ask("a"),
    ]);
    expect(ended.map(({ value }) => value)).toEqual(["end", "pong", "pong"]);
  });

  it("is a crowd that waits long behind turns that call each other in one order", async () => {
    const cluster = await start(3);
    const ids = Array.from({ length: 12 }, (_, index) => `w${index}`);
    // Each calls only those behind it, so that nothing can wait in a circle.
    const calls = Array.from({ length: 60 }, (_, index) => {
      const path = ids.filter((_id, place) => (place * 7 + index) % 3 === 0);
      const [first = "w0", ...rest] = path;
      return cluster.actor(Peer, first).work(150 + (index % 5) * 40, rest);
    });
    const ended = await outcomes(cluster, calls);
    expect(deadlocksOf(ended)).toEqual([]);
    expect(ended.filter(({ value }) => value === "done").length).toBeGreaterThan(5);
  });

  it("is one whose caller gave up before it was found", async () => {
    const cluster = await start(1);
    const [first, second] = await outcomes(cluster, [
      cluster.actor(Peer, "a", { timeout: "120ms" }).ask("b"),
      cluster.actor(Peer, "b").ask("a"),
    ]);
    expect(first?.error?.code).toBe("TIMEOUT");
    expect(second?.value).toBe("pong");
  });
});
