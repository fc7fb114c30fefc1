import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let gate: PromiseWithResolvers<void>;

@actor("Payer")
class Payer extends Actor {
  async askAfterGate(to: string): Promise<number> {
    await gate.promise;
    return this.actor(Payee, to).take();
  }
}

@actor("Payee")
class Payee extends Actor {
  @state() accessor taken = 0;

  async take(): Promise<number> {
    return ++this.taken;
  }
}

/** Far less than the timeout of a call, and more than a drain takes. */
const SOON_MS = 5_000;

let cluster: TestCluster;

function onlySilo(): TestSilo {
  const [only] = cluster.silos;
  if (only === undefined || cluster.silos.length !== 1) throw new Error("there is one silo");
  return only;
}

/** How a call ended. */
function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error);
}

describe("the last silo", () => {
  beforeEach(async () => {
    gate = Promise.withResolvers();
    cluster = await TestCluster.start({ actors: [Payer, Payee] });
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it("stops soon although one of its turns makes a call that no silo can take any more, and the call says so", async () => {
    const asked = outcomeOf(cluster.actor(Payer, "a").askAfterGate("b"));
    await cluster.advance(10);
    const { stopped } = await beginToStop(onlySilo());
    gate.resolve();
    await cluster.run(stopped, SOON_MS);
    expect(await cluster.run(asked)).toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
      message: expect.stringContaining("Payee/b"),
    });
  });

  it("stops soon although its process makes a call while it drains", async () => {
    const holding = outcomeOf(cluster.actor(Payer, "a").askAfterGate("b"));
    await cluster.advance(10);
    const only = onlySilo();
    const { stopped } = await beginToStop(only);
    const asked = outcomeOf(only.silo.actor(Payee, "c").take());
    await cluster.advance(10);
    gate.resolve();
    await cluster.run(stopped, SOON_MS);
    expect(await asked).toMatchObject({ code: "CLUSTER_UNAVAILABLE", ran: "no" });
    await cluster.run(holding);
  });

  it("lets its turns' calls wait while another silo joins", async () => {
    const asked = outcomeOf(cluster.actor(Payer, "a").askAfterGate("b"));
    await cluster.advance(10);
    const { stopped } = await beginToStop(onlySilo());
    const types = {};
    const address = "127.0.0.1:1";
    cluster.registry.register(
      { siloId: "z", address, state: "joining", types, version: "0", labels: {} },
      SOON_MS,
    );
    gate.resolve();
    await cluster.advance(100);
    await cluster.startSilo();
    cluster.registry.evict("z");
    await cluster.run(stopped);
    expect(await cluster.run(asked)).toBe(1);
  });
});

/** Lets the silo begin to drain, and gives what settles when it has stopped. */
async function beginToStop({ silo }: TestSilo): Promise<{ readonly stopped: Promise<void> }> {
  const stopped = silo.stop();
  await cluster.advance(50);
  cluster.silos.shift();
  return { stopped };
}
