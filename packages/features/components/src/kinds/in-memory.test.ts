import { configurationStoreSuite, lockStoreSuite, stateComponentSuite } from "@troupe/conformance";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { InMemoryConfiguration, InMemorySettings } from "./in-memory-configuration.ts";
import { InMemoryLocks, InMemoryLockTable } from "./in-memory-locks.ts";
import { InMemoryItems, InMemoryState } from "./in-memory-state.ts";

const nothing = async (): Promise<void> => undefined;

stateComponentSuite({
  name: "state.in-memory",
  open: async () => {
    const items = new InMemoryItems();
    const clock = new VirtualClock();
    return {
      openHandle: async () => ({
        component: new InMemoryState(items, clock),
        pass: (ms) => clock.advance(ms),
      }),
      dispose: nothing,
    };
  },
});

lockStoreSuite({
  name: "lock.in-memory",
  open: async () => {
    const table = new InMemoryLockTable();
    const clock = new VirtualClock();
    return {
      openHandle: async () => ({
        component: new InMemoryLocks(table, clock),
        pass: (ms) => clock.advance(ms),
      }),
      dispose: nothing,
    };
  },
});

configurationStoreSuite({
  name: "configuration.in-memory",
  open: async () => {
    const settings = new InMemorySettings();
    return {
      openHandle: async () => ({
        component: new InMemoryConfiguration(settings),
        put: async (key, value) => settings.set(key, value),
      }),
      dispose: nothing,
    };
  },
});

it("keeps no items and no locks whose time is over", async () => {
  const clock = new VirtualClock();
  const items = new InMemoryItems();
  const table = new InMemoryLockTable();
  const state = new InMemoryState(items, clock);
  const locks = new InMemoryLocks(table, clock);
  for (let count = 0; count < 2_500; count++) {
    await clock.advance(1);
    await state.write([{ kind: "set", key: String(count), data: "1", ttlMs: 10 }]);
    await locks.tryAcquire({ resource: String(count), owner: "a", ttlMs: 10 });
  }
  expect(items.items.size).toBeLessThan(1_100);
  expect(table.held.size).toBeLessThan(1_100);
});
