import { ADMIN_LINK } from "@troupe/client";
import type { ClusterClient } from "@troupe/client";
import { Actor, actor, type ActorRef, type UntypedActorRef } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import type { Silo } from "./silo.ts";

@actor("Greeter", { idleAfter: "1m" })
class Greeter extends Actor {
  async greet(name: string): Promise<string> {
    return `hello ${name}`;
  }

  plain(): number {
    return 1;
  }
}

function typed(silo: Silo) {
  return silo.actor(Greeter, "g");
}

function untyped(silo: Silo) {
  return silo.actor("Greeter", "g");
}

describe("a silo", () => {
  it("gives references of the same types as a client", () => {
    expectTypeOf(typed).returns.toEqualTypeOf<ActorRef<Greeter>>();
    expectTypeOf(untyped).returns.toEqualTypeOf<UntypedActorRef>();
    expectTypeOf<Silo["actor"]>().toEqualTypeOf<ClusterClient["actor"]>();
    expectTypeOf<ActorRef<Greeter>["plain"]>().returns.toEqualTypeOf<Promise<number>>();
  });

  it("calls actors, answers for itself, and stops once", async () => {
    const cluster = await TestCluster.start({ actors: [Greeter], silos: 1 });
    onTestFinished(async () => {
      await cluster[Symbol.asyncDispose]();
    });
    const started = await cluster.startSilo();
    const { silo } = started;
    expect(await cluster.run(typed(silo).greet("you"))).toBe("hello you");
    const snapshot = await cluster.run(
      cluster.client[ADMIN_LINK].askSilo(silo.siloId, "snapshot", {}),
    );
    expect(snapshot).toMatchObject({
      siloId: silo.siloId,
      address: silo.address,
      state: "active",
      serving: true,
    });
    await expect(
      cluster.run(cluster.client[ADMIN_LINK].askSilo("nobody", "snapshot", {})),
    ).rejects.toMatchObject({
      code: "CLUSTER_UNAVAILABLE",
    });
    await expect(
      cluster.run(cluster.client[ADMIN_LINK].askSilo(silo.siloId, "nothing", {})),
    ).rejects.toMatchObject({ code: "NO_SUCH_METHOD" });
    expect(silo.stop()).toBe(silo.stop());
    await cluster.stopSilo(started);
    await cluster.run(silo.stopped);
    expect(cluster.client.view.members.length).toBe(1);
  });
});
