import type { Settled } from "@troupe/workflow";
import type { AttemptRecord, FlowJournal, StoredRun } from "../flow-journal.ts";
import type { History } from "../history.ts";
import { type Round, roundsOf, sightsOf } from "./flow-rounds.ts";

/** What became of a command, and when and by whom it was stored. */
interface Outcome {
  readonly settled: Settled;
  readonly order: number;
  readonly epoch: number;
}

/**
 * W1: what became of a step is recorded once, the code sees that, and then the step never runs
 * again.
 * W2: a step runs when the command is stored that asked for it, and not before.
 * W6: all attempts of a step have the same key, and each owner has a fence of its own.
 * W9: after the end nothing starts.
 */
export function checkFlowSteps(history: History, journal: FlowJournal): void {
  const keys = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const { id, at, key, fence, process } of journal.attempts) {
    const place = `Flow/${id} ${at}`;
    const known = keys.get(place) ?? key;
    if (known !== key) history.violate("W6", `${place} has the keys ${known} and ${key}`);
    keys.set(place, key);
    const owner = owners.get(`${id} ${fence}`) ?? process;
    if (owner !== process)
      history.violate("W6", `Flow/${id}: ${owner} and ${process} have the fence ${fence}`);
    owners.set(`${id} ${fence}`, process);
  }
  for (const run of journal.runs.values())
    checkRun(
      history,
      run,
      journal.attempts.filter(({ id }) => id === run.id),
    );
}

function checkRun(history: History, run: StoredRun, attempts: readonly AttemptRecord[]): void {
  const rounds = new Map(roundsOf(run).map((round) => [round.runId, round]));
  const outcomes = new Map([...rounds].map(([id, round]) => [id, outcomesOf(history, round)]));
  for (const attempt of attempts) {
    const [runId, number] = partsOf(attempt.key);
    const name = `Flow/${run.id} ${attempt.at}, attempt ${attempt.attempt} in ${attempt.process}`;
    const command = rounds.get(runId)?.commands[number];
    if (command === undefined || command.order > attempt.order)
      history.violate("W2", `${name} began before its command was stored`);
    const outcome = outcomes.get(runId)?.get(number);
    if (isAfter(attempt, outcome))
      history.violate("W1", `${name} began when what became of the step was recorded`);
    if (isAfter(attempt, run.ended))
      history.violate("W9", `${name} began when the end of the run was stored`);
  }
  for (const { at, kind, value } of sightsOf(run)) {
    if (kind !== "step") continue;
    const [runId, number] = partsOf(value.slice(0, value.indexOf("!")));
    const outcome = outcomes.get(runId)?.get(number);
    // That of the last episode of a round is not stored.
    if (outcome !== undefined && textOf(outcome.settled) !== value)
      history.violate(
        "W1",
        `Flow/${run.id} ${at}: ${textOf(outcome.settled)} is recorded, and the code saw ${value}`,
      );
  }
}

/** True if who begins the attempt must have known. An owner that was fenced out may not. */
function isAfter(
  { order, fence }: AttemptRecord,
  stored: { readonly order: number; readonly epoch: number } | undefined,
): boolean {
  return stored !== undefined && order > stored.order && fence >= stored.epoch;
}

function outcomesOf(history: History, { id, episodes }: Round): Map<number, Outcome> {
  const outcomes = new Map<number, Outcome>();
  for (const { input, order, epoch } of episodes) {
    if (input.kind !== "outcome") continue;
    if (outcomes.has(input.of))
      history.violate("W1", `Flow/${id}: what became of command ${input.of} is recorded twice`);
    outcomes.set(input.of, { settled: input.settled, order, epoch });
  }
  return outcomes;
}

/** The run and the number that a key names. */
function partsOf(key: string): [runId: string, number: number] {
  const [, , runId = "", number = ""] = key.split("/");
  return [runId, Number(number)];
}

function textOf(settled: Settled): string {
  return settled.kind === "value" ? String(settled.value) : "an error";
}
