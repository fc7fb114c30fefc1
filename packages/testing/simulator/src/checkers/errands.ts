import { ERRANDS, errandOf, type LedgerReport } from "../errand-actors.ts";
import type { CallRecord, History } from "../history.ts";
import { lastLook } from "./last-look.ts";

/**
 * D7: what a courier sends arrives once and in its order, and the answer that was given comes back
 * once, though nobody calls the courier again.
 */
export function checkErrands(history: History): void {
  for (const call of dispatches(history)) {
    const ledger = ledgerOf(history, call);
    if (ledger === undefined) continue;
    const errands = Array.from({ length: ERRANDS }, (_, index) => errandOf(call.plan.id, index));
    const places = errands.map((errand) => ledger.taken.indexOf(errand));
    if (places.join() !== places.toSorted((a, b) => a - b).join() && !places.includes(-1))
      history.violate("D7", `the errands of ${call.plan.id} arrived in another order`);
    for (const errand of errands) checkErrand(history, errand, ledger);
  }
  for (const { plan, missing } of errandsOnTheWay(history))
    history.violate("D7", `of Courier/${plan.actorId}: ${missing.join(", ")}`);
}

/** Dispatches that took effect, and what of them has not come about by the last look. */
export function errandsOnTheWay(
  history: History,
): (CallRecord & { readonly missing: readonly string[] })[] {
  return dispatches(history).flatMap((call) => {
    const ledger = ledgerOf(history, call);
    if (ledger === undefined) return [];
    const errands = Array.from({ length: ERRANDS }, (_, index) => errandOf(call.plan.id, index));
    // One that was not acknowledged may have taken effect, and then all of it did.
    const hasLeft =
      call.outcome.kind === "value" || errands.some((errand) => ledger.taken.includes(errand));
    if (!hasLeft) return [];
    const missing = errands.flatMap((errand) => {
      if (!ledger.taken.includes(errand)) return [`${errand} never arrived`];
      const isNoted = ledger.noted.some((text) => text.startsWith(`${errand} `));
      return isNoted ? [] : [`the answer of ${errand} never came back`];
    });
    return missing.length === 0 ? [] : [{ ...call, missing }];
  });
}

function checkErrand(history: History, errand: string, { taken, noted }: LedgerReport): void {
  const arrivals = taken.filter((other) => other === errand).length;
  const answers = noted.filter((text) => text.startsWith(`${errand} `));
  if (arrivals > 1) history.violate("D7", `${errand} arrived ${arrivals} times`);
  if (answers.length > 1)
    history.violate("D7", `the answer of ${errand} came back ${answers.length} times`);
  const given = `${errand} ${taken.indexOf(errand) + 1}`;
  const wrong = answers.find((text) => text !== given);
  if (wrong !== undefined)
    history.violate("D7", `the answer was given as "${given}", and came back as "${wrong}"`);
}

function dispatches(history: History): CallRecord[] {
  return history.calls.filter(({ plan }) => plan.method === "dispatch");
}

function ledgerOf(history: History, { plan }: CallRecord): LedgerReport | undefined {
  const look = lastLook(history, String(plan.args[0]));
  return look?.outcome.kind === "value" ? (look.outcome.value as LedgerReport) : undefined;
}
