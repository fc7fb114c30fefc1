import type { FlowJournal, StoredRun } from "../flow-journal.ts";
import type { Sight } from "../flow-program.ts";
import type { CallRecord, History } from "../history.ts";
import { checkFlowEnds, stuckRuns } from "./flow-ends.ts";
import { checkFlowEvents } from "./flow-events.ts";
import { describeSight, roundsOf, sightsOf } from "./flow-rounds.ts";
import { checkFlowSteps } from "./flow-steps.ts";
import { checkFlowTills, missingTokens } from "./flow-tills.ts";

/**
 * What runs promise, by what was stored of them, what their steps did, and what their code saw. W7
 * and that nothing is blocked (W3) were looked for while it happened.
 */
export function checkFlows(history: History, journal: FlowJournal): void {
  checkFlowSteps(history, journal);
  checkFlowTills(history, journal);
  checkFlowEvents(history, journal);
  checkFlowEnds(history, journal);
  checkStarts(history, journal);
  for (const run of journal.runs.values()) checkTime(history, run);
  checkReplays(history, journal);
}

/** What has not come about by the last look. */
export function flowsUnderWay(history: History, journal: FlowJournal): string[] {
  return [
    ...stuckRuns(journal),
    ...missingTokens(history, journal),
    ...missingStarts(history, journal),
  ];
}

/**
 * W5: a run is started once, whoever starts it and however often; one start in a turn is one run,
 * if and only if the turn is stored.
 */
function checkStarts(history: History, journal: FlowJournal): void {
  for (const run of journal.runs.values()) {
    const starts = roundsOf(run).filter(({ input }) => input.round === 0);
    if (starts.length > 1) history.violate("W5", `Flow/${run.id} has begun ${starts.length} times`);
  }
  const started = new Map<string, CallRecord>();
  for (const call of journal.calls.filter(({ plan }) => plan.method === "start")) {
    if (call.outcome.kind !== "value") continue;
    const { id, actorId } = call.plan;
    const first = started.get(actorId);
    const { isNew } = call.outcome.value as { readonly isNew: boolean };
    if (first !== undefined && JSON.stringify(first.plan.args) !== JSON.stringify(call.plan.args))
      history.violate(
        "W5",
        `Flow/${actorId} was started by ${first.plan.id}, and by ${id} with another input`,
      );
    if (isNew && journal.calls.some((other) => other !== call && isNewStart(other, actorId)))
      history.violate("W5", `Flow/${actorId} was new to ${id}, and to another start`);
    started.set(actorId, first ?? call);
  }
  for (const missing of missingStarts(history, journal)) history.violate("W5", missing);
  for (const { plan } of history.calls)
    if (
      plan.method === "falter" &&
      plan.type === "Launcher" &&
      journal.runs.has(String(plan.args[0]))
    )
      history.violate("W5", `Flow/${String(plan.args[0])} was started by a turn that threw`);
}

function isNewStart({ plan, outcome }: CallRecord, id: string): boolean {
  if (plan.method !== "start" || plan.actorId !== id || outcome.kind !== "value") return false;
  return (outcome.value as { readonly isNew: boolean }).isNew;
}

/** Starts that were acknowledged, of which nothing is stored. */
function missingStarts(history: History, journal: FlowJournal): string[] {
  const clients = journal.calls.flatMap(({ plan, outcome }) =>
    plan.method === "start" && outcome.kind === "value" ? [plan.actorId] : [],
  );
  const launchers = history.calls.flatMap(({ plan, outcome }) =>
    plan.method === "launch" && outcome.kind === "value" ? [String(plan.args[0])] : [],
  );
  return [...clients, ...launchers].flatMap((id) =>
    journal.runs.has(id) ? [] : [`Flow/${id} was started, and is not there`],
  );
}

/** W13: the time of a run never goes back. */
function checkTime(history: History, run: StoredRun): void {
  let before = 0;
  for (const { at, now } of sightsOf(run)) {
    if (now < before)
      history.violate("W13", `Flow/${run.id} ${at}: it was ${before}, and then ${now}`);
    before = now;
  }
}

/** W3: a replay shows the code what was stored; W13: at the same time, and with the same chance. */
function checkReplays(history: History, journal: FlowJournal): void {
  const stored = new Map<string, Map<string, Sight>>();
  for (const run of journal.runs.values())
    stored.set(run.id, new Map(sightsOf(run).map((sight) => [describeSight(sight), sight])));
  for (const { id, sight, isLive, process } of journal.sights) {
    if (isLive) continue;
    const known = stored.get(id)?.get(describeSight(sight));
    const name = `Flow/${id}: a replay in ${process} saw`;
    if (known === undefined)
      history.violate("W3", `${name} ${describeSight(sight)}, which is not stored`);
    else if (known.now !== sight.now || known.chance !== sight.chance)
      history.violate(
        "W13",
        `${name} ${describeSight(sight)} at another time, or by another chance`,
      );
  }
}
