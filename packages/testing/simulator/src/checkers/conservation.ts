import type { CallRecord, History } from "../history.ts";
import type { AccountReport } from "../workload-actors.ts";
import { lastLook } from "./last-look.ts";

/**
 * C3, C4, D7: no money is made or lost, and each acknowledged transfer left and arrived once,
 * durable sends in their order.
 */
export function checkConservation(history: History): void {
  const accounts = lastAccounts(history);
  if (accounts === undefined) return;
  for (const [id, { pending }] of accounts) {
    for (const owed of pending)
      history.violate(
        "D3",
        `Account/${id} still owes ${owed.id} to ${owed.to}: its reminder does not tick`,
      );
  }
  const onTheWay = lettersOnTheWay(history);
  for (const { plan } of onTheWay) {
    history.violate(
      "D7",
      `what Account/${plan.actorId} sent to ${String(plan.args[0])} as ${plan.id} never arrived`,
    );
  }
  const total = [...accounts.values()].reduce((sum, { balance }) => sum + balance, 0);
  const isAtRest =
    onTheWay.length === 0 && [...accounts.values()].every(({ pending }) => pending.length === 0);
  if (total !== 0 && isAtRest)
    history.violate("conservation", `the accounts hold ${total} in sum, and began with 0`);
  for (const call of history.calls) checkTransfer(history, call, accounts);
  checkLetterOrder(history, accounts);
}

/** Durable sends that left their sender, and have not arrived in the last look at the receiver. */
export function lettersOnTheWay(history: History): CallRecord[] {
  const accounts = lastAccounts(history);
  return history.calls.filter(({ plan }) => {
    if (plan.method !== "wire" || accounts === undefined) return false;
    const hasLeft = accounts.get(plan.actorId)?.sent.includes(plan.id) === true;
    return hasLeft && accounts.get(String(plan.args[0]))?.received.includes(plan.id) !== true;
  });
}

/** What the accounts said last, or undefined if one did not. */
function lastAccounts(history: History): Map<string, AccountReport> | undefined {
  const accounts = new Map<string, AccountReport>();
  for (const { plan } of history.calls) {
    if (plan.type !== "Account" || plan.method !== "facts" || accounts.has(plan.actorId)) continue;
    const look = lastLook(history, plan.actorId);
    if (look?.outcome.kind !== "value") return undefined;
    accounts.set(plan.actorId, look.outcome.value as AccountReport);
  }
  return accounts;
}

function checkTransfer(
  history: History,
  { plan, outcome }: CallRecord,
  accounts: ReadonlyMap<string, AccountReport>,
): void {
  if (plan.method !== "transfer" && plan.method !== "wire") return;
  const left = accounts.get(plan.actorId)?.sent.filter((id) => id === plan.id).length ?? 0;
  const arrived =
    accounts.get(String(plan.args[0]))?.received.filter((id) => id === plan.id).length ?? 0;
  const rule = plan.method === "wire" ? "D7" : "C4";
  if (left > 1 || arrived > 1)
    history.violate(
      rule,
      `the transfer ${plan.id} left ${left} times and arrived ${arrived} times`,
    );
  if (outcome.kind === "value" && left === 0)
    history.violate("C3", `the transfer ${plan.id} was acknowledged and is lost`);
  const owed = accounts.get(plan.actorId)?.pending.some(({ id }) => id === plan.id) === true;
  if (left > arrived && !owed && plan.method === "transfer") {
    history.violate("C3", `the transfer ${plan.id} was settled, and never arrived`);
  }
  if (arrived > left)
    history.violate("conservation", `the transfer ${plan.id} arrived and never left`);
}

function checkLetterOrder(history: History, accounts: ReadonlyMap<string, AccountReport>): void {
  const receivers = new Map(
    history.calls.map(({ plan }) => [
      plan.id,
      plan.method === "wire" ? String(plan.args[0]) : undefined,
    ]),
  );
  for (const [from, { sent }] of accounts) {
    for (const [to, { received }] of accounts) {
      const expected = sent.filter((id) => receivers.get(id) === to && received.includes(id));
      const actual = received.filter((id) => expected.includes(id));
      if (actual.join() === expected.join()) continue;
      history.violate(
        "D7",
        `Account/${from} sent ${expected.join(", ")} to ${to}, where they arrived as ${actual.join(", ")}`,
      );
    }
  }
}
