import type { CallRecord, History, TurnRecord } from "../history.ts";

/** Methods that may run again. */
const IDEMPOTENT = new Set(["addOnce", "addKeyed", "credit", "workOnce"]);

/** One may resolve before it runs; the others are no methods of an actor that tells of itself. */
const UNSEEN = new Set(["nudge", "publish", "move"]);

/**
 * C4: without `@idempotent()` a call runs at most once, and what is said not to have run did not.
 */
export function checkAtMostOnce(history: History): void {
  const turns = turnsByCall(history);
  for (const call of history.calls) {
    const runs = turns.get(call.plan.key ?? call.plan.id) ?? [];
    const outer = turns.get(`${call.plan.id}>`) ?? [];
    if (outer.length > 1) history.violate("C4", `${name(call)} ran ${outer.length} times`);
    if (outer.length > 0 && call.outcome.kind === "error" && call.outcome.ran === "no") {
      history.violate(
        "C4",
        `${name(call)} ran, but its error says that it did not: ${call.outcome.message}`,
      );
    }
    const on = runs.map(({ siloId }) => siloId).join(", ");
    if (runs.length > 1 && !IDEMPOTENT.has(call.plan.method)) {
      history.violate("C4", `${name(call)} ran ${runs.length} times, on ${on}`);
    }
    // Of calls with the same key another one may have.
    if (
      runs.length > 0 &&
      call.plan.key === undefined &&
      call.outcome.kind === "error" &&
      call.outcome.ran === "no"
    ) {
      history.violate(
        "C4",
        `${name(call)} ran on ${on}, but its error says that it did not: ${call.outcome.message}`,
      );
    }
    if (call.outcome.kind === "value" && runs.length === 0 && !UNSEEN.has(call.plan.method)) {
      history.violate("C4", `${name(call)} resolved, but never ran`);
    }
  }
}

/** C4: calls with the same key have one effect, and so the same answer. */
export function checkSameAnswers(history: History): void {
  const answers = new Map<string, CallRecord>();
  for (const call of history.calls) {
    const { key } = call.plan;
    if (key === undefined || call.outcome.kind !== "value") continue;
    const first = answers.get(key);
    if (first === undefined) answers.set(key, call);
    else if (first.outcome.kind === "value" && first.outcome.value !== call.outcome.value) {
      const [one, other] = [first.outcome.value, call.outcome.value];
      history.violate(
        "C4",
        `${name(call)} was answered ${String(other)}, and with the same key ${String(one)} before`,
      );
    }
  }
}

/** The turns of each call; for a call that another actor passed on, those of the last one. */
export function turnsByCall(history: History): Map<string, TurnRecord[]> {
  const turns = new Map<string, TurnRecord[]>();
  for (const turn of history.turns) {
    const known = turns.get(turn.call);
    if (known === undefined) turns.set(turn.call, [turn]);
    else known.push(turn);
  }
  return turns;
}

function name({ plan }: CallRecord): string {
  return `${plan.id} ${plan.type}/${plan.actorId}.${plan.method}()`;
}
