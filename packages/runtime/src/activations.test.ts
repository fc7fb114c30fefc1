import { Placement } from "@troupe/client";
import type { ActorAddress, View } from "@troupe/core";
import { Actor, actor, type DeactivationReason, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** What happened to the actors of one test, in order. Tests run one at a time. */
let events: unknown[] = [];
/** Actors whose next `onActivate` does what stands here. */
let onActivating: (() => unknown) | undefined;

@actor("Guest", { idleAfter: "1m" })
class Guest extends Actor {
  @state() accessor visits = 0;
  @state() accessor activations = 0;

  override async onActivate(): Promise<void> {
    events.push(`activate ${this.id}`);
    this.activations++;
    await onActivating?.();
  }

  override onDeactivate(reason: DeactivationReason): void {
    events.push(`deactivate ${this.id} ${reason}`);
    this.visits += 1_000;
  }

  async visit(): Promise<number> {
    return ++this.visits;
  }

  async counted(): Promise<number> {
    return this.activations;
  }

  async leave(): Promise<void> {
    this.deactivate();
  }

  async visitAndLeave(): Promise<number> {
    this.deactivate();
    return ++this.visits;
  }
}

@actor("Fragile")
class Fragile extends Actor {
  @state() accessor count = 0;

  override onActivate(): void {
    if (this.id === "bad") throw new RangeError("not today");
  }

  async hello(): Promise<string> {
    return "hello";
  }
}

@actor("Narcissus", { callTimeout: "20s" })
class Narcissus extends Actor {
  #answer = "";

  override async onActivate(): Promise<void> {
    this.#answer = await this.actor(Narcissus, this.id)
      .mirror()
      .catch((error: unknown) => String(error));
  }

  async mirror(): Promise<string> {
    return this.#answer;
  }
}

/** It asks back whoever wakes it. */
@actor("Curious", { callTimeout: "20s" })
class Curious extends Actor {
  override async onActivate(): Promise<void> {
    const [type = "", id = ""] = this.id.split(":");
    events.push(await this.actor(type, id).name?.());
  }

  async hello(): Promise<string> {
    return "hello";
  }
}

@actor("Waker")
class Waker extends Actor {
  async wake(): Promise<string> {
    return await this.actor(Curious, `Waker:${this.id}`).hello();
  }

  async name(): Promise<string> {
    return `I am ${this.id}`;
  }
}

@actor("StrictWaker", { reentrancy: "none" })
class StrictWaker extends Waker {
  override async wake(): Promise<string> {
    return await this.actor(Curious, `StrictWaker:${this.id}`).hello();
  }
}

@actor("Walker")
class Walker extends Actor {
  @state() accessor steps = 0;
  @state() accessor returned: number[] = [];

  async walk(gate: string): Promise<number> {
    this.steps = 1;
    this.returned.push(await this.actor(Companion, `of-${this.id}`).accompany(this.id, gate));
    return this.steps;
  }

  async step(): Promise<number> {
    return ++this.steps;
  }

  async told(): Promise<number[]> {
    return this.returned;
  }
}

@actor("Companion")
class Companion extends Actor {
  async accompany(walker: string, gate: string): Promise<number> {
    await this.actor(Door, gate).pass();
    return await this.actor(Walker, walker).step();
  }
}

@actor("Door", { reentrancy: "full" })
class Door extends Actor {
  readonly #waiting: (() => void)[] = [];
  #open = false;

  async pass(): Promise<void> {
    if (!this.#open) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async open(): Promise<void> {
    this.#open = true;
    for (const go of this.#waiting) go();
  }
}

async function start(silos = 1): Promise<TestCluster> {
  events = [];
  onActivating = undefined;
  const cluster = await TestCluster.start({
    actors: [Guest, Fragile, Narcissus, Curious, Waker, StrictWaker, Walker, Companion, Door],
    silos,
  });
  onTestFinished(async () => {
    onActivating = undefined;
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

/** An id whose actor lives on one silo before the view changes, and on another one after. */
function movingId(type: string, before: View, after: View): string {
  for (let number = 0; ; number++) {
    const address = { type, id: `moving-${number}` };
    if (ownerIn(before, address) !== ownerIn(after, address)) return address.id;
  }
}

function ownerIn(view: View, address: ActorAddress): string | undefined {
  return new Placement(view).ownerOf(address)?.siloId;
}

/** The view that comes once a silo with this id is active. */
function viewWith(view: View, siloId: string): View {
  const [first] = view.members;
  if (first === undefined) throw new Error("nobody is active");
  return { revision: view.revision + 2, members: [...view.members, { ...first, siloId }] };
}

/**
 * The ids of the silos that start are known from the seed: so an actor that will move can be picked
 * before.
 */
async function idOfNextSilo(silos: number): Promise<string> {
  const rehearsal = await start(silos);
  return (await rehearsal.startSilo()).silo.siloId;
}

/** A cluster of one silo and the id of an actor that moves to the second one when that starts. */
async function startBeforeMove(type: string): Promise<{ cluster: TestCluster; id: string }> {
  const next = await idOfNextSilo(1);
  const cluster = await start(1);
  const { view } = cluster.client;
  return { cluster, id: movingId(type, view, viewWith(view, next)) };
}

/** How many activations each silo has. */
function activations(cluster: TestCluster): number[] {
  return cluster.silos.map(({ silo }) => silo.snapshot().activations);
}

describe("an activation", () => {
  it("begins with onActivate, whose changes are stored, and sees its stored state there", async () => {
    const cluster = await start();
    const guest = cluster.actor(Guest, "g");
    expect(await cluster.run(guest.counted())).toBe(1);
    await cluster.run(guest.leave());
    expect(await cluster.run(guest.counted())).toBe(2);
    expect(events).toEqual(["activate g", "deactivate g requested", "activate g"]);
  });

  it("ends when the actor asks for it, after the running turn, and stores what onDeactivate changed", async () => {
    const cluster = await start();
    const guest = cluster.actor(Guest, "g");
    const calls = Promise.all([guest.visitAndLeave(), guest.visit(), guest.visit()]);
    expect(await cluster.run(calls)).toEqual([1, 2, 3]);
    await cluster.advance(10);
    expect(cluster.silos[0]?.silo.snapshot().activations).toBe(0);
    expect(await cluster.run(guest.visit())).toBe(1_004);
  });

  it("ends after its idle time, and says so", async () => {
    const cluster = await start();
    const guest = cluster.actor(Guest, "g");
    await cluster.run(guest.visit());
    await cluster.advance(59_000);
    await cluster.run(guest.visit());
    await cluster.advance(59_000);
    expect(events).toEqual(["activate g"]);
    await cluster.advance(8_000);
    expect(events).toEqual(["activate g", "deactivate g idle"]);
  });

  it("ends when the silo stops, and when the actor moves, and says which", async () => {
    const { cluster, id } = await startBeforeMove("Guest");
    await cluster.run(cluster.actor(Guest, id).visit());
    const second = await cluster.startSilo();
    await cluster.advance(100);
    expect(events).toEqual([`activate ${id}`, `deactivate ${id} moved`]);
    await cluster.run(cluster.actor(Guest, id).visit());
    await cluster.stopSilo(second);
    expect(events.slice(2)).toEqual([`activate ${id}`, `deactivate ${id} stopping`]);
    expect(await cluster.run(cluster.actor(Guest, id).visit())).toBe(2_003);
  });

  it("that fails fails the calls that wait for it, with its cause, and the next call tries again", async () => {
    const cluster = await start();
    const bad = cluster.actor(Fragile, "bad");
    const outcomes = await cluster.run(Promise.allSettled([bad.hello(), bad.hello()]));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "ACTIVATION_FAILED", ran: "no" },
      });
    }
    const error: unknown = await cluster.run(bad.hello().catch((thrown: unknown) => thrown));
    expect(String(error)).toContain("Fragile/bad could not be activated: not today");
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    expect(cluster.silos[0]?.silo.snapshot().activations).toBe(0);
    expect(await cluster.run(cluster.actor(Fragile, "good").hello())).toBe("hello");
  });

  it("answers a call to itself from onActivate at once, since that would wait for itself", async () => {
    const cluster = await start();
    const started = cluster.clock.monotonic();
    expect(await cluster.run(cluster.actor(Narcissus, "n").mirror())).toContain("[DEADLOCK]");
    expect(cluster.clock.monotonic() - started).toBeLessThan(1_000);
  });

  it("may call back the actor that woke it, whose turn waits for it", async () => {
    const cluster = await start(2);
    expect(await cluster.run(cluster.actor(Waker, "w").wake())).toBe("hello");
    expect(events).toEqual(["I am w"]);
  });

  it("shows the cycle at once if the actor that woke it takes no call that comes back", async () => {
    const cluster = await start(2);
    const from = cluster.clock.monotonic();
    const error: unknown = await cluster.run(
      cluster
        .actor(StrictWaker, "w")
        .wake()
        .catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({ code: "ACTIVATION_FAILED", cause: { code: "DEADLOCK" } });
    expect(String(error)).toContain(
      "StrictWaker/w -> Curious/StrictWaker:w -> StrictWaker/w.name()",
    );
    expect(cluster.clock.monotonic() - from).toBeLessThan(1_000);
  });

  it("that moves away while onActivate runs waits for its end, and no other begins before", async () => {
    const { cluster, id } = await startBeforeMove("Guest");
    const gate = Promise.withResolvers<void>();
    onActivating = () => gate.promise;
    const visit = cluster.actor(Guest, id).visit();
    await cluster.advance(100);
    onActivating = () => events.push("later");
    await cluster.startSilo();
    await cluster.advance(1_000);
    expect(events).toEqual([`activate ${id}`]);
    gate.resolve();
    const from = cluster.clock.monotonic();
    expect(await cluster.run(visit)).toBe(1);
    expect(cluster.clock.monotonic() - from).toBeLessThan(1_000);
    expect(events.filter((event) => String(event).startsWith("activate"))).toHaveLength(2);
    await cluster.advance(100);
    expect(activations(cluster)).toEqual([0, 1]);
  });

  it("that moves away while its state is being read does not come to life", async () => {
    const { cluster, id } = await startBeforeMove("Guest");
    const stateStore = cluster.silos[0]?.stores.stateStore;
    if (stateStore === undefined) throw new Error("no silo");
    const claim = stateStore.claim.bind(stateStore);
    const answer = Promise.withResolvers<void>();
    // A store that answers late.
    Object.assign(stateStore, {
      claim: async (...args: Parameters<typeof claim>) => {
        const result = await claim(...args);
        await answer.promise;
        return result;
      },
    });
    const visit = cluster.actor(Guest, id).visit();
    await cluster.advance(100);
    await cluster.startSilo();
    await cluster.advance(100);
    answer.resolve();
    expect(await cluster.run(visit)).toBe(1);
    await cluster.advance(100);
    expect(events).toEqual([`activate ${id}`]);
    expect(activations(cluster)).toEqual([0, 1]);
  });

  it("that moves away lets a call come back to the turn that waits for it", async () => {
    const { cluster, id } = await startBeforeMove("Walker");
    const walk = cluster.actor(Walker, id).walk("d");
    await cluster.advance(100);
    await cluster.startSilo();
    await cluster.advance(100);
    await cluster.run(cluster.actor(Door, "d").open());
    expect(await cluster.run(walk)).toBe(2);
    expect(await cluster.run(cluster.actor(Walker, id).told())).toEqual([2]);
  });
});
