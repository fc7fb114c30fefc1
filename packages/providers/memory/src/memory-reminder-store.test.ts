import { reminderStoreSuite } from "@troupe/conformance";
import { MemoryDueIndex, MemoryReminderStore } from "./memory-reminder-store.ts";

reminderStoreSuite({
  name: "memory",
  open: async () => {
    const index = new MemoryDueIndex();
    return {
      openHandle: async () => new MemoryReminderStore(index),
      dispose: async () => undefined,
    };
  },
});
