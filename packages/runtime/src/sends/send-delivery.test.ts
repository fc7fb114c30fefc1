import { silentLogger, sleep } from "@troupe/core";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster, VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import type { PendingSend } from "./outbox.ts";
import { SendDelivery } from "./send-delivery.ts";

/** What the actors of these tests share with them. */
const desk: { cluster: TestCluster | undefined; isOpen: boolean } = {
  cluster: undefined,
  isOpen: true,
};

async function wait(ms: number): Promise<void> {
  if (desk.cluster !== undefined) await sleep(desk.cluster.clock, ms);
}

@actor("Box")
class Box extends Actor {
  @state() accessor letters: string[] = [];

  async post(to: string, letter: string): Promise<void> {
    this.send(Box, to).receive(letter);
  }

  async receive(letter: string): Promise<void> {
    if (!desk.isOpen) throw new Error("closed");
    await wait(50);
    this.letters.push(letter);
  }

  async hold(): Promise<void> {
    await wait(1_000);
  }

  async leave(): Promise<void> {
    this.deactivate();
  }

  /** Wakes another box in its turn, and is then rolled back. */
  async visitAndFail(other: string): Promise<void> {
    await this.actor(Box, other).list();
    await wait(200);
    throw new RangeError("on purpose");
  }

  @readonly() async list(): Promise<string[]> {
    return this.letters;
  }
}

async function start(silos: number): Promise<TestCluster> {
  desk.cluster = await TestCluster.start({ actors: [Box], silos });
  desk.isOpen = true;
  return desk.cluster;
}

describe("a courier", () => {
  it("does not deliver for ever what its closing sender can no longer forget", async () => {
    await using cluster = await start(1);
    await cluster.run(cluster.actor(Box, "alice").post("bob", "one"));
    const held = cluster.actor(Box, "alice").hold();
    await cluster.advance(10);
    // Alice waits for the turn that runs, and takes no new ones, when the answer of bob comes.
    await cluster.startSilo();
    const [first] = cluster.silos;
    if (first === undefined) throw new Error("no silo was started");
    await cluster.stopSilo(first);
    await cluster.run(held);
    await cluster.advance(60_000);
    expect(await cluster.run(cluster.actor(Box, "bob").list())).toEqual(["one"]);
  });

  it("delivers outside of the turn that has woken its sender, so that the letter is not undone with that turn", async () => {
    await using cluster = await start(1);
    desk.isOpen = false;
    await cluster.run(cluster.actor(Box, "alice").post("bob", "one"));
    await cluster.run(cluster.actor(Box, "alice").leave());
    await cluster.advance(10);
    desk.isOpen = true;
    await expect(cluster.run(cluster.actor(Box, "bob").visitAndFail("alice"))).rejects.toThrow(
      "on purpose",
    );
    await cluster.advance(60_000);
    expect(await cluster.run(cluster.actor(Box, "bob").list())).toEqual(["one"]);
  });

  it("does not go on to the next letter before it is stored that the last has arrived", async () => {
    const clock = new VirtualClock();
    const pending: PendingSend[] = [1, 2].map((seq) => {
      const answer = { turn: "$answered", token: undefined };
      return {
        seq,
        type: "Box",
        id: "bob",
        method: "receive",
        args: [],
        headers: undefined,
        sentAt: 0,
        answer,
      };
    });
    const delivered: number[] = [];
    const delivery = new SendDelivery(
      {
        clock,
        logger: silentLogger,
        sender: { type: "Box", id: "alice" },
        // As the memory of a sender has it whose commit has an unknown fate.
        pending: () => pending.filter(({ seq }) => !delivered.includes(seq)),
        isDisposed: false,
        deliver: async ({ seq }) => {
          const value = delivered.push(seq);
          return { delivered: { kind: "value", value }, mayHaveCopies: false };
        },
        refuse: () => Promise.reject(new Error("nothing was refused")),
        arrived: async () => delivered.length > 1,
        died: async () => true,
        settled: () => undefined,
      },
      0,
    );
    delivery.stored(2);
    await clock.advance(10_000);
    expect(delivered).toEqual([1, 1, 2]);
  });
});
