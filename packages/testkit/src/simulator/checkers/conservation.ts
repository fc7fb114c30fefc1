import type { History } from "../history.ts";
import type { AccountFacts } from "../workload-actors.ts";
import { lastLook } from "./last-look.ts";

/** C3, C4: no money is made or lost, and each acknowledged transfer left and arrived once. */
export function checkConservation(history: History): void {
  const accounts = new Map<string, AccountFacts>();
  for (const { plan } of history.calls) {
    if (plan.method !== "facts" || accounts.has(plan.actorId)) continue;
    const look = lastLook(history, plan.actorId);
    if (look?.outcome.kind !== "value") return;
    accounts.set(plan.actorId, look.outcome.value as AccountFacts);
  }
  let total = 0;
  for (const [id, { balance, pending }] of accounts) {
    total += balance;
    for (const owed of pending)
      history.violate("D3", `Account/${id} still owes ${owed.id} to ${owed.to}: its reminder does not tick`);
  }
  if (total !== 0 && [...accounts.values()].every(({ pending }) => pending.length === 0)) {
    history.violate("conservation", `the accounts hold ${total} in sum, and began with 0`);
  }
  for (const { plan, outcome } of history.calls) {
    if (plan.method !== "transfer") continue;
    const left = accounts.get(plan.actorId)?.sent.filter((id) => id === plan.id).length ?? 0;
    const arrived = accounts.get(String(plan.args[0]))?.received.filter((id) => id === plan.id).length ?? 0;
    if (left > 1 || arrived > 1) history.violate("C4", `the transfer ${plan.id} left ${left} times and arrived ${arrived} times`);
    if (outcome.kind === "value" && left === 0) history.violate("C3", `the transfer ${plan.id} was acknowledged and is lost`);
    if (arrived > left) history.violate("conservation", `the transfer ${plan.id} arrived and never left`);
  }
}
