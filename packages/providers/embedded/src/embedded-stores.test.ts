import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "@troupe/core";
import { reminderStoreSuite, stateStoreSuite, type StoreSubject } from "@troupe/conformance";
import { openEmbeddedStores, type EmbeddedStores } from "./embedded-stores.ts";

async function openSubject<P extends keyof EmbeddedStores>(
  port: P,
): Promise<StoreSubject<EmbeddedStores[P]>> {
  const folder = mkdtempSync(join(tmpdir(), "troupe-embedded-"));
  const opened: EmbeddedStores[] = [];
  return {
    openHandle: async () => {
      const stores = await openEmbeddedStores(folder, { clock: systemClock, logger: silentLogger });
      opened.push(stores);
      return stores[port];
    },
    dispose: async () => {
      for (const { state, reminders } of opened)
        await Promise.all([state.close(), reminders.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

stateStoreSuite({ name: "embedded", open: () => openSubject("state") });
reminderStoreSuite({ name: "embedded", open: () => openSubject("reminders") });
