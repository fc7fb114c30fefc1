import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it } from "vitest";

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async add(): Promise<number> {
    return ++this.count;
  }
}

const SILOS = 50;

describe("fifty silos that join together", () => {
  it("become one cluster in few changes, and share the actors", { timeout: 120_000 }, async () => {
    const views: number[] = [];
    await using cluster = await TestCluster.start({ actors: [Counter] });
    const [first] = cluster.silos;
    const joining = Array.from({ length: SILOS - 1 }, () => cluster.joinSilo());
    await cluster.waitUntil(() => {
      const revision = first?.silo.view.revision ?? 0;
      if (views.at(-1) !== revision) views.push(revision);
      return (
        first?.silo.view.members.filter((member) => member.state === "active").length === SILOS
      );
    });
    await cluster.run(Promise.all(joining));
    // Each silo makes two changes of its own: it registers, and becomes active.
    expect(views.length).toBeLessThan(SILOS / 2);
    const counts = Array.from({ length: 200 }, (_, index) =>
      cluster.actor(Counter, `c${index}`).add(),
    );
    expect(await cluster.run(Promise.all(counts))).toEqual(counts.map(() => 1));
    const busy = cluster.silos.filter(({ silo }) => silo.snapshot().activations > 0);
    expect(busy.length).toBeGreaterThan(SILOS / 2);
  });
});
