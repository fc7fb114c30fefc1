import { reminderStoreSuite } from "@troupe/conformance";
import { MemoryDueIndex } from "./memory-due-index.ts";
import { MemoryReminderStore } from "./memory-reminder-store.ts";

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
