import { TroupeError } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Guard")
class Guard extends Actor {
  async refuse(): Promise<void> {
    throw new TroupeError("OVERLOADED", "not now", { ran: "no", cause: new Error("why") });
  }
}

@actor("Visitor")
class Visitor extends Actor {
  async visit(): Promise<void> {
    await this.actor("Nobody", "one").hello?.();
  }
}

it("says of a method that passes on the failure of a call that it made that it ran itself", async () => {
  await using cluster = await TestCluster.start({ actors: [Visitor, Guard] });
  const visit = cluster.run(cluster.actor(Visitor, "one").visit());
  await expect(visit).rejects.toMatchObject({
    code: "NO_SUCH_ACTOR_TYPE",
    ran: "yes",
    retryable: false,
  });
});

it("keeps the code, the message and the cause of what a method threw", async () => {
  await using cluster = await TestCluster.start({ actors: [Visitor, Guard] });
  const refusal = cluster.run(cluster.actor(Guard, "one").refuse());
  await expect(refusal).rejects.toMatchObject({
    code: "OVERLOADED",
    message: "[OVERLOADED] not now",
    ran: "yes",
    retryable: true,
    cause: { message: "why" },
  });
});
