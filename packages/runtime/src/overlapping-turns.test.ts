import { sleep } from "@troupe/core";
import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

/** The clock of the test that runs. */
let { clock }: Pick<TestCluster, "clock"> = {} as TestCluster;

@actor("Worker", { reentrancy: "full" })
class Worker extends Actor {
  @state() accessor done = 0;

  async work(depth = 0): Promise<number> {
    await sleep(clock, 10);
    if (depth > 0) await this.actor(Worker, this.id).work(depth - 1);
    return ++this.done;
  }
}

it("answers turns that overlap without end: new ones wait until those that run are stored together", async () => {
  await using cluster = await TestCluster.start({ actors: [Worker] });
  ({ clock } = cluster);
  const worker = cluster.actor(Worker, "w");
  let answered = 0;
  const calls: Promise<unknown>[] = [];
  for (let call = 0; call < 400; call++) {
    calls.push(worker.work(call % 2).then(() => answered++));
    await cluster.advance(5);
  }
  expect(answered).toBeGreaterThan(200);
  await cluster.run(Promise.all(calls));
  expect(await cluster.run(worker.work())).toBe(601);
});
