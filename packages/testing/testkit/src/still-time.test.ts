import { once } from "node:events";
import { Actor, actor } from "@troupe/sdk";
import { expect, it } from "vitest";
import { STILL_TIME_WARNING } from "./still-time.ts";
import { TestCluster } from "./test-cluster.ts";

@actor("Clerk")
class Clerk extends Actor {
  async greet(): Promise<string> {
    return "hello";
  }
}

it("warns of a call for which nobody lets time pass, before the test runner gives up", async () => {
  await using cluster = await TestCluster.start({ actors: [Clerk] });
  expect(await cluster.run(cluster.actor(Clerk, "a").greet())).toBe("hello");
  const forgotten = cluster.actor(Clerk, "b").greet();
  const [warning] = (await once(process, "warning")) as [Error];
  expect(warning).toMatchObject({
    code: STILL_TIME_WARNING,
    message: expect.stringContaining("await cluster.run("),
  });
  expect(await cluster.run(forgotten)).toBe("hello");
});
