import { MemoryReminderStore, MemoryStates, MemoryStateStore } from "@troupe/memory";
import { describe, expect, it } from "vitest";
import { brokenPromises, firstBrokenPromise } from "../store-cases.ts";
import { STORES_CASES } from "../stores-cases.ts";
import type { Stores } from "../stores-suite.ts";
import type { StoreSubject } from "../suite-subject.ts";
import { STORES_FLAWS } from "./flawed-stores.ts";

async function open(flaw?: (stores: Stores) => Stores): Promise<StoreSubject<Stores>> {
  const states = new MemoryStates();
  return {
    openHandle: async () => {
      const stores = {
        state: new MemoryStateStore(states),
        reminders: new MemoryReminderStore(states.due),
      };
      return flaw === undefined ? stores : flaw(stores);
    },
    dispose: async () => undefined,
  };
}

describe("the suite of both stores", () => {
  it("finds nothing wrong with stores without a flaw", { timeout: 30_000 }, async () => {
    expect(await brokenPromises(STORES_CASES, open)).toEqual([]);
  });

  it.each(Object.entries(STORES_FLAWS))(
    "catches stores of which one %s",
    { timeout: 60_000 },
    async (_, flaw) => {
      expect(await firstBrokenPromise(STORES_CASES, () => open(flaw))).toBeDefined();
    },
  );
});
