import type { View } from "@troupe/core";
import type { History } from "../history.ts";
import type { Profile } from "../script.ts";
import { checkAtMostOnce } from "./at-most-once.ts";
import { checkCallerOrder } from "./caller-order.ts";
import { checkCells } from "./cells.ts";
import { checkConservation } from "./conservation.ts";
import { checkReminders } from "./schedules.ts";
import { checkRightfulFailures } from "./rightful-failures.ts";
import { checkStayingActivations } from "./staying-activations.ts";

export interface CheckFacts {
  readonly profile: Profile;
  readonly leaseTtlMs: number;
  readonly views: ReadonlyMap<number, View>;
}

/** Looks at a history that is over. C1, C2 and early ticks were looked for while it happened. */
export function checkHistory(history: History, facts: CheckFacts): void {
  checkAtMostOnce(history);
  checkCallerOrder(history);
  checkCells(history);
  checkConservation(history);
  checkReminders(history);
  checkRightfulFailures(history, facts.leaseTtlMs);
  checkStayingActivations(history, facts);
}
