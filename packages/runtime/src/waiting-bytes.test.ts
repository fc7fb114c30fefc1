import { Actor, actor, idempotent } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { TroupeError } from "@troupe/core";
import { describe, expect, it, onTestFinished } from "vitest";

const LARGE = "x".repeat(3_900_000);

@actor("Store", { callTimeout: "1m", mailboxMax: 500 })
class Store extends Actor {
  #release: (() => void) | undefined;

  async hold(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
  }

  async put(data: string): Promise<number> {
    return data.length;
  }

  /** Ends the turn that holds up the others. */
  async beside(): Promise<void> {
    this.#release?.();
  }

  @idempotent() async once(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    return "done";
  }
}

const codeOf = (error: unknown): string => (error instanceof TroupeError ? error.code : "none");

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Store], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.startSilo({ waitingBytes: { silo: 64 * 1024 * 1024 } });
  return cluster;
}

/** Makes calls two at a time, since a link takes no more large ones at once; gives what they do. */
async function inSteps(
  cluster: TestCluster,
  count: number,
  call: (index: number) => Promise<unknown>,
): Promise<Promise<unknown>[]> {
  const results: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    results.push(call(index).catch((error: unknown) => error));
    if (index % 2 === 1) await cluster.advance(5);
  }
  return results;
}

describe("calls that wait", () => {
  it("for one busy actor are refused beyond 16 MiB, and those that were taken are served", async () => {
    const cluster = await start();
    const store = cluster.actor(Store, "s");
    const held = store.hold().catch(codeOf);
    await cluster.advance(10);
    const results = await inSteps(cluster, 400, () => store.put(LARGE));
    const refused = await Promise.all(results.slice(4));
    expect(new Set(refused.map(codeOf))).toEqual(new Set(["OVERLOADED"]));
    expect(refused[0]).toMatchObject({ ran: "no" });
    expect(String(refused[0])).toMatch(/16 MiB of calls wait for Store\/s; .*waitingBytes.mailbox/);
    await cluster.advance(90_000);
    expect(await held).toBe("TIMEOUT");
  });

  it("for many actors are refused beyond what a link and the silo may have", async () => {
    const cluster = await start();
    const held = Array.from({ length: 10 }, (_, index) =>
      cluster.actor(Store, `s${index}`).hold().catch(codeOf),
    );
    await cluster.advance(10);
    const silo = cluster.silos[0]?.silo;
    // Within the silo, because a link has a limit of its own for what it sends.
    const results = await inSteps(cluster, 30, async (index) =>
      silo?.actor(Store, `s${index % 10}`).put(LARGE),
    );
    const refused = await Promise.all(results.slice(8));
    expect(new Set(refused.map(codeOf))).toEqual(new Set(["OVERLOADED"]));
    expect(String(refused[0])).toMatch(/32 MiB of calls of .* wait on this silo/);
    await cluster.advance(90_000);
    expect(new Set(await Promise.all(held))).toEqual(new Set(["TIMEOUT"]));
  });

  it("for the end of a call with the same key are bounded like others", async () => {
    const cluster = await start();
    const store = cluster.actor(Store, "s", { idempotencyKey: "k" });
    const repetitions = Array.from({ length: 502 }, () => store.once().catch((error) => error));
    await cluster.advance(100);
    const last = await repetitions[501];
    expect(codeOf(last)).toBe("MAILBOX_FULL");
    await cluster.advance(90_000);
    expect(codeOf(await repetitions[500])).toBe("TIMEOUT");
  });
});
