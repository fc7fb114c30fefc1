import type { LeasePolicy } from "@troupe/runtime";
import type { CallRecord, History, TurnRecord } from "../history.ts";
import { turnsByCall } from "./at-most-once.ts";
import { linearize, type Operation } from "./linearizability.ts";

/**
 * C3, D1: every cell behaves as one number that all callers share. With silos that go on while
 * their lease is in doubt, an answer that needs no store may come from an owner that has a
 * successor already: then it shows what was true once, and never what was not stored.
 */
export function checkCells(history: History, leasePolicy: LeasePolicy): void {
  const turns = turnsByCall(history);
  const cells = new Map<string, Operation<number>[]>();
  for (const call of oncePerKey(history.calls)) {
    const cell = cellOf(call);
    if (cell === undefined) continue;
    const operation = operationOf(call, turns.get(call.plan.key ?? call.plan.id) ?? []);
    if (operation === undefined) continue;
    const mayBeOld =
      leasePolicy === "available" && isLook(call) && !call.plan.id.startsWith("final ");
    const shown = mayBeOld ? { ...operation, from: 0 } : operation;
    const known = cells.get(cell);
    if (known === undefined) cells.set(cell, [shown]);
    else known.push(shown);
  }
  for (const [cell, operations] of cells) {
    const result = linearize(operations, 0);
    if (result.kind === "unknown") history.inconclusive++;
    if (result.kind !== "not linearizable") continue;
    const reached = new Set(result.reached);
    const stuck = operations
      .filter(({ name, until }) => !reached.has(name) && until !== Number.POSITIVE_INFINITY)
      .slice(0, 3);
    const text = `Cell/${cell} is not linearizable: after ${result.reached.slice(-5).join(", ")} it is ${String(result.value)}, and then comes none of ${stuck.map(({ name }) => name).join(", ")}`;
    history.violate("linearizability", text);
  }
}

/** Calls with the same key are one operation: from the start of the first to the first answer. */
function oncePerKey(calls: readonly CallRecord[]): Iterable<CallRecord> {
  const once = new Map<string, CallRecord>();
  for (const call of calls) {
    const key = call.plan.key ?? call.plan.id;
    const known = once.get(key);
    if (known === undefined) once.set(key, call);
    else once.set(key, together(known, call));
  }
  return once.values();
}

function together(first: CallRecord, again: CallRecord): CallRecord {
  const isSooner =
    again.outcome.kind === "value" &&
    (first.outcome.kind !== "value" || again.endedOrder < first.endedOrder);
  const { outcome, endedOrder } = isSooner ? again : first;
  return {
    ...first,
    startedOrder: Math.min(first.startedOrder, again.startedOrder),
    outcome,
    endedOrder,
  };
}

/** Whether the call only looks. */
function isLook({ plan }: CallRecord): boolean {
  return plan.method === "read" || plan.method === "retire";
}

function cellOf({ plan }: CallRecord): string | undefined {
  if (plan.method === "relay") return String(plan.args[0]);
  return plan.type === "Cell" && plan.method !== "spoil" ? plan.actorId : undefined;
}

function operationOf(
  call: CallRecord,
  turns: readonly TurnRecord[],
): Operation<number> | undefined {
  const { plan, outcome, startedOrder } = call;
  const firstRun = turns[0]?.startedOrder;
  const isRead = isLook(call);
  // What never ran had no effect; where that is a lie, the value that it left is found out all the
  // same.
  if (outcome.kind !== "value" && (firstRun === undefined || isRead)) return undefined;
  const amount = Number(plan.method === "relay" ? plan.args[1] : plan.args[0]);
  const answer = outcome.kind === "value" ? outcome.value : undefined;
  const isKnown = outcome.kind === "value";
  const facts = {
    name: `${plan.id} ${plan.method}(${isRead ? "" : amount})${isKnown ? ` = ${String(answer)}` : " (unknown)"}`,
    from: isKnown ? startedOrder : (firstRun ?? startedOrder),
    until: isKnown ? call.endedOrder : Number.POSITIVE_INFINITY,
  };
  switch (plan.method) {
    case "read":
    case "retire":
      return { ...facts, apply: (value) => (value === answer ? value : undefined) };
    case "write":
      return { ...facts, apply: () => amount };
    case "clear":
      return { ...facts, apply: () => 0 };
    default:
      return {
        ...facts,
        apply: (value) => (!isKnown || value + amount === answer ? value + amount : undefined),
      };
  }
}
