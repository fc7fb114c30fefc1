import type { StateStore } from "@troupe/core";
import { STATE_STORE_CASES } from "./state-store-cases.ts";
import { describeCases } from "./store-cases.ts";
import type { StoreSubject, SuiteOptions } from "./suite-subject.ts";

/**
 * What every `StateStore` must do, tried on one that `open` gives.
 *
 * @example
 * stateStoreSuite({ name: "memory", open: async () => ({ openHandle: async () => …, dispose: async
 * () => … }) });
 */
export function stateStoreSuite(options: SuiteOptions<StoreSubject<StateStore>>): void {
  describeCases("StateStore", STATE_STORE_CASES, options);
}
