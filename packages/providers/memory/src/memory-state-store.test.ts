import { stateStoreSuite } from "@troupe/conformance";
import { MemoryStates, MemoryStateStore } from "./memory-state-store.ts";

stateStoreSuite({
  name: "memory",
  open: async () => {
    const states = new MemoryStates();
    return { openHandle: async () => new MemoryStateStore(states), dispose: async () => undefined };
  },
});
