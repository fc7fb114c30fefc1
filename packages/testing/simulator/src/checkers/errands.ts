import { ERRANDS, errandOf, type LedgerReport, REFUSED } from "../errand-actors.ts";
import type { CallRecord, History } from "../history.ts";
import { lastLook } from "./last-look.ts";

/**
 * D7: what a courier sends arrives once and in its order, or is refused and never takes effect; and
 * the answer that was given comes back once, though nobody calls the courier again.
 */
export function checkErrands(history: History): void {
  for (const call of dispatches(history)) {
    const ledger = ledgerOf(history, call);
    if (ledger === undefined) continue;
    const errands = Array.from({ length: ERRANDS }, (_, index) => errandOf(call.plan.id, index));
    const places = errands
      .map((errand) => ledger.taken.indexOf(errand))
      .filter((place) => place >= 0);
    if (places.join() !== places.toSorted((a, b) => a - b).join())
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
    const isNoted = (errand: string): boolean => answersOf(ledger, errand).length > 0;
    const hasLeft =
      call.outcome.kind === "value" ||
      errands.some((errand) => ledger.taken.includes(errand) || isNoted(errand));
    if (!hasLeft) return [];
    const missing = errands.flatMap((errand) => {
      if (isNoted(errand)) return [];
      const hasArrived = ledger.taken.includes(errand);
      return [hasArrived ? `the answer of ${errand} never came back` : `${errand} never arrived`];
    });
    return missing.length === 0 ? [] : [{ ...call, missing }];
  });
}

function checkErrand(history: History, errand: string, ledger: LedgerReport): void {
  const { taken } = ledger;
  const arrivals = taken.filter((other) => other === errand).length;
  const answers = answersOf(ledger, errand);
  if (arrivals > 1) history.violate("D7", `${errand} arrived ${arrivals} times`);
  if (answers.length > 1)
    history.violate("D7", `the answer of ${errand} came back ${answers.length} times`);
  if (answers.includes(REFUSED) && arrivals > 0)
    history.violate("D7", `${errand} was refused, and took effect`);
  const given = arrivals === 0 ? REFUSED : String(taken.indexOf(errand) + 1);
  const wrong = answers.find((text) => text !== given);
  if (wrong !== undefined)
    history.violate("D7", `the answer of ${errand} was "${given}", and came back as "${wrong}"`);
}

/** What was noted of the answers of an errand. */
function answersOf({ noted }: LedgerReport, errand: string): string[] {
  const start = `${errand} `;
  return noted.flatMap((text) => (text.startsWith(start) ? [text.slice(start.length)] : []));
}

function dispatches(history: History): CallRecord[] {
  return history.calls.filter(({ plan }) => plan.type === "Courier");
}

function ledgerOf(history: History, { plan }: CallRecord): LedgerReport | undefined {
  const look = lastLook(history, String(plan.args[0]));
  return look?.outcome.kind === "value" ? (look.outcome.value as LedgerReport) : undefined;
}
