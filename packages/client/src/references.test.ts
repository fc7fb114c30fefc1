import { Actor, actor, type ActorRef, type UntypedActorRef } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, expectTypeOf, it, onTestFinished } from "vitest";

@actor("Adder")
class Adder extends Actor {
  async add(one: number, other: number): Promise<number> {
    return one + other;
  }
}

it("makes references by name, typed by a class that need not be there, or untyped", async () => {
  const cluster = await TestCluster.start({ actors: [Adder] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (const from of [cluster.client, cluster.silos[0]?.silo ?? cluster.client]) {
    const typed = from.actor<Adder>("Adder", "a", { timeout: "1s" });
    expectTypeOf(typed).toEqualTypeOf<ActorRef<Adder>>();
    // oxlint-disable-next-line no-await-in-loop -- first a client, then a silo.
    expect(await cluster.run(typed.add(1, 2))).toBe(3);
    expectTypeOf(typed).not.toHaveProperty("subtract");
    const untyped = from.actor("Adder", "a");
    expectTypeOf(untyped).toEqualTypeOf<UntypedActorRef>();
    // oxlint-disable-next-line no-await-in-loop -- the same.
    expect(await cluster.run(untyped["add"]?.(2, 2) ?? Promise.resolve())).toBe(4);
  }
});
