import type { FlowJournal, StoredRun } from "../flow-journal.ts";
import type { History } from "../history.ts";
import { cameWithEnd } from "./flow-events.ts";
import { roundsOf } from "./flow-rounds.ts";

/**
 * W4: a run that is not over when all is well again is stuck.
 * W9: who was told that a run is cancelled or terminated can rely on it; a run that fails takes
 *     back its steps, the last one first, each once. An entry that wakes a run goes with it.
 */
export function checkFlowEnds(history: History, journal: FlowJournal): void {
  for (const stuck of stuckRuns(journal)) history.violate("W4", stuck);
  for (const run of journal.runs.values()) {
    if (run.ended !== undefined && run.record?.awake !== undefined)
      history.violate("W9", `Flow/${run.id} has ended, and still has an entry that wakes it`);
    checkUndos(history, run);
  }
  for (const { plan, outcome, endedOrder } of journal.calls) {
    if (outcome.kind !== "value") continue;
    const run = journal.runs.get(plan.actorId);
    if (plan.method === "terminate" && !((run?.ended?.order ?? Infinity) < endedOrder))
      history.violate("W9", `Flow/${plan.actorId} goes on after ${plan.id} has terminated it`);
    if (plan.method === "cancel" && !isCancelled(run, endedOrder))
      history.violate("W9", `Flow/${plan.actorId} does not know that ${plan.id} has cancelled it`);
  }
}

/** Runs that have not ended. */
export function stuckRuns(journal: FlowJournal): string[] {
  return [...journal.runs.values()].flatMap(({ id, episodes, ended }) => {
    if (ended !== undefined || episodes.length === 0) return [];
    const last = episodes.at(-1);
    const commands = last?.commands.map(({ kind }) => kind).join(" ");
    return [`Flow/${id} stands still after ${last?.input.kind}: ${commands}`];
  });
}

function isCancelled(run: StoredRun | undefined, before: number): boolean {
  if (run === undefined) return false;
  if (run.waiting.has("cancel") || cameWithEnd(run, before)) return true;
  return run.episodes.some(({ input, order }) => input.kind === "cancel" && order < before);
}

function checkUndos(history: History, run: StoredRun): void {
  const round = roundsOf(run).at(-1);
  const end = round?.commands.at(-1)?.command.kind;
  if (round === undefined || (end !== "fail" && end !== "cancelled")) return;
  const failed = new Set(
    round.episodes.flatMap(({ input }) =>
      input.kind === "outcome" && isCertainFailure(input.settled) ? [input.of] : [],
    ),
  );
  const names = round.commands.flatMap(({ command }, number) =>
    command.kind === "run" && !failed.has(number) ? [command.name] : [],
  );
  const undone = names.filter((name) => name.startsWith("undo ")).join();
  const right = names
    .filter((name) => name.startsWith("u") && !name.startsWith("undo "))
    .toReversed()
    .map((name) => `undo ${name}`)
    .join();
  if (undone !== right)
    history.violate("W9", `Flow/${run.id} has run [${undone}], and ought to [${right}]`);
}

/** After a step that may have had an effect there is something to take back. */
function isCertainFailure(settled: { readonly kind: string; readonly error?: unknown }): boolean {
  return settled.kind === "error" && !JSON.stringify(settled.error).includes("STEP_LOST");
}
