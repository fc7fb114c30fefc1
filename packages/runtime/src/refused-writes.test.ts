import { seededRandom, VirtualClock } from "@troupe/testkit";
import { silentLogger, type StateStore, TroupeError } from "@troupe/core";
import {
  MemoryMembership,
  MemoryNetwork,
  MemoryRegistry,
  MemoryReminderStore,
  MemoryStateStore,
  MemoryTransport,
} from "@troupe/memory";
import { Silo } from "@troupe/runtime";
import { Actor, actor, state } from "@troupe/sdk";
import { expect, it } from "vitest";

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async increment(): Promise<number> {
    return ++this.count;
  }
}

it("says of a turn whose write the store refused that it may have run, and not that it has not", async () => {
  const clock = new VirtualClock();
  const states = new MemoryStateStore();
  const full = new TroupeError("STORE_UNAVAILABLE", "the disk is full", { ran: "no" });
  const stateStore: StateStore = {
    claim: (address, claim) => states.claim(address, claim),
    commit: () => Promise.reject(full),
    read: (address, prefix) => states.read(address, prefix),
    retire: () => Promise.reject(full),
    list: (query) => states.list(query),
    identify: (membership, mode) => states.identify(membership, mode),
    close: () => states.close(),
  };
  const silo = await clock.run(
    Silo.start(
      {
        clock,
        random: seededRandom(1),
        logger: silentLogger,
        transport: new MemoryTransport({ network: new MemoryNetwork({ clock }), clock }),
        membership: new MemoryMembership(new MemoryRegistry(clock)),
        stateStore,
        reminderStore: new MemoryReminderStore(),
      },
      { cluster: "test", actors: [Counter], listen: "127.0.0.1:0" },
    ),
  );
  const call = clock.run(silo.actor(Counter, "one").increment());
  await expect(call).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    ran: "maybe",
    retryable: true,
  });
  await clock.run(silo.stop());
});
