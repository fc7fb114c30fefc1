import { Actor, actor, readonly, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Alarm")
class Alarm extends Actor {
  @state() accessor ticks = 0;

  async set(ms: number): Promise<void> {
    await this.reminders.set("ring", { in: ms });
  }

  @reminder("ring")
  async ring(): Promise<void> {
    this.ticks++;
  }

  @readonly() async count(): Promise<number> {
    return this.ticks;
  }
}

it("keeps the due time of a reminder while the turn that has set it otherwise is not stored", async () => {
  await using cluster = await TestCluster.start({ actors: [Alarm] });
  await cluster.run(cluster.actor(Alarm, "one").set(1_000));
  const [silo] = cluster.silos;
  if (silo === undefined) throw new Error("no silo was started");
  // The write of this turn hangs, and is lost with its silo.
  silo.stores.fault = "dead";
  const lost = cluster.actor(Alarm, "one").set(3_600_000);
  lost.catch(() => undefined);
  await cluster.advance(100);
  silo.stores.fault = "up";
  await cluster.advance(2_000);

  silo.kill();
  await cluster.startSilo();
  await cluster.advance(60_000);
  expect(await cluster.run(cluster.actor(Alarm, "one").count())).toBe(1);
});
