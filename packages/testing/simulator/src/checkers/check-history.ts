import type { View } from "@troupe/core";
import type { LeasePolicy } from "@troupe/runtime";
import type { History } from "../history.ts";
import type { Profile } from "../script.ts";
import { checkAtMostOnce, checkSameAnswers } from "./at-most-once.ts";
import { checkCallerOrder } from "./caller-order.ts";
import { checkCells } from "./cells.ts";
import { checkConservation } from "./conservation.ts";
import { checkDefinitions } from "./definitions.ts";
import { checkErrands } from "./errands.ts";
import { checkIfActive } from "./if-active.ts";
import { checkNews, type StoredNews } from "./news.ts";
import { checkRelocations } from "./relocations.ts";
import { checkRightfulFailures } from "./rightful-failures.ts";
import { checkSchedules } from "./schedules.ts";
import { checkStayingActivations } from "./staying-activations.ts";
import { checkStreams } from "./streams.ts";
import { checkTimerWakes } from "./timer-wakes.ts";

export interface CheckedRun {
  readonly profile: Profile;
  readonly leaseTtlMs: number;
  readonly leasePolicy: LeasePolicy;
  readonly views: ReadonlyMap<number, View>;
  /** What partitions have stored. */
  readonly news: readonly StoredNews[];
}

/** Looks at a history that is over. C1, C2 and early ticks were looked for while it happened. */
export function checkHistory(history: History, facts: CheckedRun): void {
  checkAtMostOnce(history);
  checkSameAnswers(history);
  checkCallerOrder(history);
  checkCells(history, facts.leasePolicy);
  checkConservation(history);
  checkErrands(history);
  checkIfActive(history, facts.leasePolicy);
  checkRelocations(history);
  checkStreams(history);
  checkSchedules(history, facts.leasePolicy);
  checkTimerWakes(history);
  checkRightfulFailures(history, facts.leaseTtlMs);
  checkStayingActivations(history, facts);
  if (facts.profile === "topics") checkNews(history, facts.news);
  if (facts.profile === "deploy") checkDefinitions(history, facts);
}
