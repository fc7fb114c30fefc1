import { stateStoreSuite } from "@troupe/conformance";
import { MemoryStateStore } from "./memory-state-store.ts";
import { MemoryStates } from "./memory-states.ts";

stateStoreSuite({
  name: "memory",
  open: async () => {
    const states = new MemoryStates();
    return { openHandle: async () => new MemoryStateStore(states), dispose: async () => undefined };
  },
});
