import type { ReminderStore } from "@troupe/core";
import { REMINDER_STORE_CASES } from "./reminder-store-cases.ts";
import { describeCases } from "./store-cases.ts";
import type { StoreSubject, SuiteOptions } from "./suite-subject.ts";

/** What every `ReminderStore` must do, tried on one that `open` gives. */
export function reminderStoreSuite(options: SuiteOptions<StoreSubject<ReminderStore>>): void {
  describeCases("ReminderStore", REMINDER_STORE_CASES, options);
}
