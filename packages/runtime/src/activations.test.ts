import { Actor, actor, type DeactivationReason, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** What happened to the actors of one test, in order. Tests run one at a time. */
let events: string[] = [];
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

  async where(): Promise<number> {
    return this.visits;
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
  #waiting: (() => void)[] = [];
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
  const cluster = await TestCluster.start({ actors: [Guest, Fragile, Narcissus, Walker, Companion, Door], silos });
  onTestFinished(async () => {
    onActivating = undefined;
    await cluster[Symbol.asyncDispose]();
  });
  return cluster;
}

/** The first id of the type that the silo owns. */
function idOn(cluster: TestCluster, siloIndex: number, prefix = "guest"): string {
  const owner = cluster.silos[siloIndex]?.silo.siloId;
  for (let number = 0; ; number++) {
    if (cluster.ownerOf("Guest", `${prefix}-${number}`) === owner) return `${prefix}-${number}`;
  }
}
