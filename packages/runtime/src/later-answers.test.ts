import { type ActorHost, defineBehaviour, LaterAnswer } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** Opens for those who wait. */
const door = defineBehaviour("Door", {
  state: { guest: {} },
  methods: { wait: { readonly: true }, open: {}, look: { readonly: true } },
  activate: (host) => new Door(host),
});
class Door {
  readonly #host: ActorHost;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];

  constructor(host: ActorHost) {
    this.#host = host;
    host.slots.initialise("guest", "nobody");
  }

  invoke(method: string, [guest]: readonly unknown[]): unknown {
    if (method === "look") return this.#host.slots.read("guest");
    if (method === "wait") {
      const waiting = Promise.withResolvers<unknown>();
      this.#waiting.push(waiting);
      return new LaterAnswer(waiting.promise);
    }
    this.#host.slots.write("guest", guest);
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (guest === "thief") reject(new RangeError("no thieves"));
      else resolve(guest);
    }
    return undefined;
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [door] });
  onTestFinished(async () => {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

/** What comes of a call, once it does. */
function watch(call: Promise<unknown> | undefined): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: "pending" };
  void call?.then(
    (value) => (seen.outcome = value),
    (error: unknown) => (seen.outcome = error),
  );
  return seen;
}

describe("a method that answers later", () => {
  it("holds up no turn, and answers what a later turn brings", async () => {
    const cluster = await start();
    const ref = cluster.client.actor("Door", "front");
    const waits = [watch(ref.wait?.()), watch(ref.wait?.())];
    await cluster.advance(10_000);
    expect(await cluster.run(ref.look?.() ?? Promise.reject(new Error("no door")))).toBe("nobody");
    expect(waits.map(({ outcome }) => outcome)).toEqual(["pending", "pending"]);
    await cluster.run(ref.open?.("alice") ?? Promise.resolve());
    await cluster.advance(1);
    expect(waits.map(({ outcome }) => outcome)).toEqual(["alice", "alice"]);
    const refused = watch(ref.wait?.());
    await cluster.advance(1);
    await cluster.run(ref.open?.("thief") ?? Promise.resolve());
    await cluster.advance(1);
    expect(refused.outcome).toBeInstanceOf(RangeError);
  });

  it("answers only when what it could reveal is stored", async () => {
    const cluster = await start();
    const ref = cluster.client.actor("Door", "front");
    const waits = watch(ref.wait?.());
    await cluster.advance(10);
    const [only] = cluster.silos;
    const hold = only?.stores.hold();
    const opened = watch(ref.open?.("bob"));
    await cluster.advance(100);
    expect([waits.outcome, opened.outcome]).toEqual(["pending", "pending"]);
    hold?.release();
    await cluster.advance(10);
    expect([waits.outcome, opened.outcome]).toEqual(["bob", undefined]);
  });

  it("takes no idempotency key, because no result is there to be kept", async () => {
    const cluster = await start();
    const ref = cluster.client.actor("Door", "front", { idempotencyKey: "one" });
    await expect(cluster.run(ref.wait?.() ?? Promise.resolve())).rejects.toMatchObject({
      code: "BAD_CONFIG",
      ran: "yes",
    });
  });
});
