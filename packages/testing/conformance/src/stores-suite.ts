import type { ReminderStore, StateStore } from "@troupe/core";
import { describeCases } from "./store-cases.ts";
import { STORES_CASES } from "./stores-cases.ts";
import type { StoreSubject, SuiteOptions } from "./suite-subject.ts";

/** The two stores of one storage, as one process has them. */
export interface Stores {
  readonly state: StateStore;
  readonly reminders: ReminderStore;
}

/**
 * What the two stores of one storage must do together, and what is asked of stored actors without a
 * claim. To be run besides `stateStoreSuite` and `reminderStoreSuite`.
 */
export function storesSuite(options: SuiteOptions<StoreSubject<Stores>>): void {
  describeCases("Stores", STORES_CASES, options);
}
