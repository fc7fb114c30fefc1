import { Actor, actor, type DeactivationReason } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

const ended: DeactivationReason[] = [];

@actor("Guest")
class Guest extends Actor {
  async hello(): Promise<string> {
    return "hello";
  }

  override async onDeactivate(reason: DeactivationReason): Promise<void> {
    ended.push(reason);
  }
}

it("drains once the registry is back, if that was away for less than the lease", async () => {
  ended.length = 0;
  await using cluster = await TestCluster.start({ actors: [Guest], silos: 2, leaseTtlMs: 5_000 });
  const guests = Array.from({ length: 20 }, (_, index) => cluster.actor(Guest, `guest-${index}`));
  await cluster.run(Promise.all(guests.map((guest) => guest.hello())));
  const [leaving] = cluster.silos;
  if (leaving === undefined) throw new Error("there is no silo");
  const here = leaving.silo.snapshot().activations;
  expect(here).toBeGreaterThan(0);
  leaving.membership.cutOff();
  const stopped = leaving.silo.stop();
  await cluster.advance(2_000);
  expect(ended).toEqual([]);
  leaving.membership.reconnect();
  await cluster.run(stopped);
  await cluster.stopSilo(leaving);
  expect(ended).toEqual(Array.from({ length: here }, () => "stopping"));
  expect(await cluster.run(Promise.all(guests.map((guest) => guest.hello())))).toEqual(guests.map(() => "hello"));
});
