import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

const ACTORS = 5_000;

@actor("Visitor", { idleAfter: "1h" })
class Visitor extends Actor {
  async come(): Promise<string> {
    return this.id;
  }
}

it("fails and holds up no call when thousands of actors move at once", async () => {
  await using cluster = await TestCluster.start({ actors: [Visitor] });
  const all = (): Promise<string[]> =>
    Promise.all(
      Array.from({ length: ACTORS }, (_, index) =>
        cluster.actor(Visitor, `visitor-${index}`).come(),
      ),
    );
  await cluster.run(all());
  await cluster.startSilo();
  const before = cluster.clock.monotonic();
  expect(await cluster.run(all())).toHaveLength(ACTORS);
  expect(cluster.clock.monotonic() - before).toBeLessThan(200);
});
