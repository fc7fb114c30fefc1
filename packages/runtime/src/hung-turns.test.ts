import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Stuck")
class Stuck extends Actor {
  @state() accessor halves = 0;

  async hang(): Promise<void> {
    this.halves++;
    await new Promise<void>(() => undefined);
  }

  async read(): Promise<number> {
    return this.halves;
  }
}

it("stores nothing of a turn that never ends when its actor has to move without it", async () => {
  await using cluster = await TestCluster.start({ actors: [Stuck], silos: 2 });
  const stuck = cluster.actor(Stuck, "s");
  const hung = stuck.hang().catch((error: unknown) => error);
  await cluster.advance(100);
  const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
  if (owner === undefined) throw new Error("no silo has the actor");
  await cluster.stopSilo(owner);
  await cluster.run(hung);
  expect(await cluster.run(stuck.read())).toBe(0);
});
