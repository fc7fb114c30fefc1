import { type Member, type MembershipProvider, silentLogger, sleep, TroupeError } from "@troupe/core";
import {
  MemoryMembership,
  MemoryNetwork,
  MemoryRegistry,
  MemoryReminderStore,
  MemoryStateStore,
  MemoryTransport,
} from "@troupe/memory";
import { Silo } from "@troupe/runtime";
import { Actor, actor } from "@troupe/sdk";
import { seededRandom, VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";

const clock = new VirtualClock();

@actor("Worker")
class Worker extends Actor {
  async work(): Promise<string> {
    await sleep(clock, 1_000);
    return "done";
  }
}

it("stays a member until its turns have ended, though the store of the members fails when it says that it drains", async () => {
  const registry = new MemoryRegistry(clock);
  const membership: MembershipProvider = new MemoryMembership(registry);
  const update = membership.update.bind(membership);
  let failures = 3;
  membership.update = async (lease, member: Member) => {
    if (member.state === "draining" && failures-- > 0) throw new TroupeError("CLUSTER_UNAVAILABLE", "no answer");
    return await update(lease, member);
  };
  const silo = await clock.run(
    Silo.start(
      {
        clock,
        random: seededRandom(1),
        logger: silentLogger,
        transport: new MemoryTransport({ network: new MemoryNetwork({ clock }), clock }),
        membership,
        stateStore: new MemoryStateStore(),
        reminderStore: new MemoryReminderStore(),
      },
      { cluster: "test", actors: [Worker], listen: "127.0.0.1:0" },
    ),
  );
  const call = silo.actor(Worker, "one").work();
  await clock.advance(10);
  const stopped = silo.stop();
  await clock.advance(900);
  expect(registry.view.members.map(({ state }) => state)).toEqual(["draining"]);
  expect(await clock.run(call)).toBe("done");
  await clock.run(stopped);
  expect(registry.view.members).toEqual([]);
});
