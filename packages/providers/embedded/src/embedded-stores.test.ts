import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "@troupe/core";
import {
  reminderStoreSuite,
  stateStoreSuite,
  storesSuite,
  type StoreSubject,
} from "@troupe/conformance";
import { openEmbeddedStores, type EmbeddedStores } from "./embedded-stores.ts";

async function openSubject<S>(pick: (stores: EmbeddedStores) => S): Promise<StoreSubject<S>> {
  const folder = mkdtempSync(join(tmpdir(), "troupe-embedded-"));
  const opened: EmbeddedStores[] = [];
  return {
    openHandle: async () => {
      const stores = await openEmbeddedStores(folder, { clock: systemClock, logger: silentLogger });
      opened.push(stores);
      return pick(stores);
    },
    dispose: async () => {
      for (const { state, reminders } of opened)
        await Promise.all([state.close(), reminders.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

stateStoreSuite({ name: "embedded", open: () => openSubject(({ state }) => state) });
reminderStoreSuite({ name: "embedded", open: () => openSubject(({ reminders }) => reminders) });
storesSuite({ name: "embedded", open: () => openSubject((stores) => stores) });
