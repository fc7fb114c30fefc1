import { type MembershipProvider, silentLogger, sleep, TroupeError } from "@troupe/core";
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

interface Started {
  readonly silo: Promise<Silo>;
  readonly registry: MemoryRegistry;
  readonly membership: MembershipProvider;
}

/** `prepare` may change what the membership store does. */
function start(prepare: (membership: MemoryMembership) => void): Started {
  const registry = new MemoryRegistry(clock);
  const membership = new MemoryMembership(registry);
  prepare(membership);
  const silo = Silo.start(
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      transport: new MemoryTransport({ network: new MemoryNetwork({ clock }), clock }),
      membership,
      stateStore: new MemoryStateStore(),
      reminderStore: new MemoryReminderStore(),
    },
    { cluster: "test", actors: [Worker], listen: "127.0.0.1:0", leaseTtlMs: 5_000 },
  );
  return { silo, registry, membership };
}

it("starts though it was not told that it has become active", async () => {
  const { silo, registry } = start((membership) => {
    const update = membership.update.bind(membership);
    let isLost = true;
    membership.update = async (lease, member) => {
      const result = await update(lease, member);
      if (!isLost) return result;
      isLost = false;
      throw new TroupeError("CLUSTER_UNAVAILABLE", "the answer was lost");
    };
  });
  const started = await clock.run(silo);
  expect(registry.view.members.map(({ state }) => state)).toEqual(["active"]);
  await clock.run(started.stop());
});

it("stays a member until its turns have ended, though the store of the members fails when it says that it drains", async () => {
  const { silo: starting, registry } = start((membership) => {
    const update = membership.update.bind(membership);
    let failures = 3;
    membership.update = async (lease, member) => {
      if (member.state === "draining" && failures-- > 0)
        throw new TroupeError("CLUSTER_UNAVAILABLE", "no answer");
      return await update(lease, member);
    };
  });
  const silo = await clock.run(starting);
  const call = silo.actor(Worker, "one").work();
  await clock.advance(10);
  const stopped = silo.stop();
  await clock.advance(900);
  expect(registry.view.members.map(({ state }) => state)).toEqual(["draining"]);
  expect(await clock.run(call)).toBe("done");
  await clock.run(stopped);
  expect(registry.view.members).toEqual([]);
});

it("keeps its record while a turn is under way, though it cannot tell that it drains: the lease is what ends it", async () => {
  const { silo: starting, registry, membership } = start(() => undefined);
  const silo = await clock.run(starting);
  Object.assign(membership, { update: away, renew: away });
  const stopped = silo.stop();
  await clock.advance(4_000);
  const call = silo.actor(Worker, "one").work();
  call.catch(() => undefined);
  await clock.advance(900);
  expect(registry.view.members.length).toBe(1);
  await clock.run(stopped);
  expect(registry.view.members).toEqual([]);
});

async function away(): Promise<never> {
  throw new TroupeError("CLUSTER_UNAVAILABLE", "no answer");
}
