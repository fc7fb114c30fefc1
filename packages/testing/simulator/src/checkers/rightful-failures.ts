import { RELOCATION_TYPE } from "../chest-actor.ts";
import type { CallRecord, History } from "../history.ts";

/** A call with less time than this may run out of it in good weather. */
const SHORT_MS = 3_000;

/** Methods that throw on purpose. */
const THROWING: ReadonlySet<string> = new Set(["spoil", "smudge", "falter"]);

/**
 * What a cluster may need after a fault has ended, besides two leases: to dial again, to join
 * again, to load.
 */
const AFTERMATH_MS = 6_000;

/**
 * C6: a call fails only if something was broken while it ran. Silos that come and drain are no
 * excuse.
 */
export function checkRightfulFailures(history: History, leaseTtlMs: number): void {
  const graceMs = AFTERMATH_MS + 2 * leaseTtlMs;
  for (const call of history.calls) {
    const { plan, outcome } = call;
    if (THROWING.has(plan.method) || plan.timeoutMs < SHORT_MS || outcome.kind === "value")
      continue;
    if (isAnswer(call)) continue;
    // A silo that calls may die with its calls.
    if (outcome.kind === "pending" && plan.from.kind === "silo") continue;
    if (
      history.faults.some(
        ({ from, until }) => from <= call.endedAt && until + graceMs >= call.startedAt,
      )
    )
      continue;
    history.violate(
      "C6",
      `${plan.id} ${plan.type}/${plan.actorId}.${plan.method}() ${describe(call)}, and nothing was broken`,
    );
  }
}

/** True for an error that tells how something stands. */
function isAnswer({ plan, outcome }: CallRecord): boolean {
  if (outcome.kind !== "error") return false;
  if (plan.ifActive === true) return outcome.code === "NOT_ACTIVE";
  return plan.type === RELOCATION_TYPE && outcome.code === "BAD_CONFIG";
}

function describe({ outcome }: CallRecord): string {
  return outcome.kind === "error"
    ? `failed with ${outcome.code} (${outcome.message})`
    : "never ended";
}
