import { systemClock } from "@troupe/core";
import { stateStoreSuite, storesSuite } from "@troupe/conformance";
import { MemoryReminderStore } from "./memory-reminder-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { MemoryStates } from "./memory-states.ts";

const now = (): number => systemClock.monotonic();

stateStoreSuite({
  name: "memory",
  open: async () => {
    const states = new MemoryStates(undefined, now);
    return { openHandle: async () => new MemoryStateStore(states), dispose: async () => undefined };
  },
});

storesSuite({
  name: "memory",
  open: async () => {
    const states = new MemoryStates(undefined, now);
    return {
      openHandle: async () => ({
        state: new MemoryStateStore(states),
        reminders: new MemoryReminderStore(states.due),
      }),
      dispose: async () => undefined,
    };
  },
});
