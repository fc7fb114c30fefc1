import { describeCases, type StoreCaseGroups } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";
import type { StateTrial } from "./state-component-fixture.ts";
import { CONDITIONS, TRANSACTIONS } from "./state-condition-cases.ts";
import { ITEMS, KEYS } from "./state-item-cases.ts";
import { LIFETIMES } from "./state-lifetime-cases.ts";

/** What a state component must do, each promise by its name. */
export const STATE_COMPONENT_CASES: StoreCaseGroups<StateTrial> = {
  items: ITEMS,
  "listing keys": KEYS,
  conditions: CONDITIONS,
  transactions: TRANSACTIONS,
  lifetimes: LIFETIMES,
};

/**
 * What every `StateComponent` must do. What it says it cannot do is not tried. Each handle is an
 * open component on the same items.
 */
export function stateComponentSuite(options: SuiteOptions<StoreSubject<StateTrial>>): void {
  describeCases("StateComponent", STATE_COMPONENT_CASES, options);
}
