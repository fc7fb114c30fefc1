import { ClusterClient } from "@troupe/client";
import { silentLogger } from "@troupe/core";
import { MemoryMembership, MemoryTransport } from "@troupe/memory";
import { Actor, actor, state } from "@troupe/sdk";
import { seededRandom, TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async increment(): Promise<number> {
    return ++this.count;
  }
}

it("sends a call on that comes to a silo which has drained and is about to go, from a client that has not seen it yet", async () => {
  await using cluster = await TestCluster.start({ actors: [Counter], silos: 2 });
  const membership = new MemoryMembership(cluster.registry);
  const { clock, network } = cluster;
  const transport = new MemoryTransport({ network, clock });
  const client = await cluster.run(
    ClusterClient.connect(
      { clock, random: seededRandom(2), logger: silentLogger, transport, membership },
      { cluster: "test", actors: [Counter] },
    ),
  );
  const ids = Array.from({ length: 20 }, (_, index) => `counter ${index}`);
  for (const id of ids) await cluster.run(client.actor(Counter, id).increment());

  membership.cutOff();
  const [leaving] = cluster.silos;
  if (leaving === undefined) throw new Error("no silo was started");
  const stopped = leaving.silo.stop();
  await cluster.waitUntil(() => cluster.registry.view.members.length === 1);
  const late = Promise.all(ids.map((id) => client.actor(Counter, id).increment()));
  await cluster.advance(50);
  membership.reconnect();
  await expect(cluster.run(late)).resolves.toEqual(ids.map(() => 2));

  await cluster.run(stopped);
  cluster.silos.splice(0, 1);
  await cluster.run(client.close());
});
