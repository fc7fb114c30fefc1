import { Actor, actor, state, timer } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

let ticks = 0;
const mayEnd = Promise.withResolvers<void>();

@actor("Clock", { idleAfter: "1m" })
class Clock extends Actor {
  @state() accessor wound = 0;

  async wind(): Promise<void> {
    this.wound++;
    await this.timers.set("tick", { every: "10s" });
  }

  async look(): Promise<number> {
    return this.wound;
  }

  async waitForTheEnd(): Promise<void> {
    await mayEnd.promise;
  }

  @timer("tick") tick(): void {
    ticks++;
  }
}

it("wakes no actor by a timer's tick that waits while its activation is thrown away", async () => {
  await using cluster = await TestCluster.start({ actors: [Clock] });
  const [silo] = cluster.silos;
  if (silo === undefined) throw new Error("no silo was started");
  const clock = cluster.actor(Clock, "a");
  await cluster.run(clock.wind());

  // The second write fails behind a turn that goes on, and behind that turn waits a tick.
  const held = silo.stores.hold();
  silo.stores.fault = "away";
  const calls = Promise.allSettled([clock.wind(), clock.waitForTheEnd()]);
  await cluster.advance(15_000);
  held.release();
  await cluster.advance(10);
  silo.stores.fault = "up";
  mayEnd.resolve();
  await cluster.run(calls);
  await cluster.advance(20_000);
  expect(ticks).toBe(0);
  expect(silo.silo.snapshot().activations).toBe(0);

  await cluster.run(clock.look());
  await cluster.advance(10);
  expect(ticks).toBe(1);
});
