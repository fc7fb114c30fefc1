import type { Dice } from "./dice.ts";
import { LONG_TIMEOUT_MS, someCaller, timeOfCall } from "./draw-calls.ts";
import type { Frame } from "./draw-faults.ts";
import { FLOW_TYPE, LAUNCHERS, TILLS } from "./flow-actors.ts";
import type { FlowJournal } from "./flow-journal.ts";
import {
  FAILS_FOR_GOOD,
  type FlowEvent,
  type FlowInput,
  type FlowOp,
  type FlowWait,
  waitsForEver,
} from "./flow-program.ts";
import type { CallPlan } from "./history.ts";
import type { TimedFault } from "./script.ts";

/** Runs that clients start, and runs that actors start or do not. */
const RUNS = { least: 10, more: 10 };
const LAUNCHES_MAX = 4;

const OPS_MAX = 6;
const ROUNDS_MAX = 3;
const EVENTS_MAX = 5;

/** How much later the calls of a run may come than its start. */
const LATER_MS = 6_000;

/** A pause from a second on is stored, a shorter one is not. */
const PAUSES: readonly [number, ...number[]] = [20, 20, 400, 1_200];

/** Starts of runs, and what is done with them, most of it when something happens. */
export function drawFlows(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  const count = RUNS.least + dice.below(RUNS.more);
  const runs = Array.from({ length: count }, (_, index) =>
    drawRun(dice, frame, { faults, id: `f${index}` }),
  );
  const launches = Array.from({ length: dice.below(LAUNCHES_MAX + 1) }, (_, index): CallPlan => {
    const method = dice.chance(0.3) ? "falter" : "launch";
    return {
      id: `g${index}`,
      at: timeOfCall(dice, frame, faults),
      from: someCaller(dice, frame),
      type: "Launcher",
      actorId: `h${dice.below(LAUNCHERS)}`,
      method,
      args: [`g${index}`, drawInput(dice)],
      timeoutMs: LONG_TIMEOUT_MS,
    };
  });
  return [...runs.flat(), ...launches];
}

/** One run: its start, perhaps again, what is sent to it, and who wants to stop it. */
function drawRun(
  dice: Dice,
  frame: Frame,
  { faults, id }: { readonly faults: readonly TimedFault[]; readonly id: string },
): CallPlan[] {
  const input = drawInput(dice);
  const startAt = timeOfCall(dice, frame, faults);
  const calls: CallPlan[] = [];
  const add = (method: string, at: number, args: readonly unknown[] = []): void => {
    calls.push({
      id: `${id}.${calls.length}`,
      at: Math.min(at, frame.durationMs),
      from: someCaller(dice, frame),
      type: FLOW_TYPE,
      actorId: id,
      method,
      args,
      timeoutMs: LONG_TIMEOUT_MS,
    });
  };
  const later = (): number => startAt + dice.between(0, LATER_MS);
  add("start", startAt, [input]);
  if (dice.chance(0.4)) add("start", later(), [input]);
  if (dice.chance(0.15)) add("start", later(), [{ ...input, rounds: input.rounds + 1 }]);
  for (let events = dice.below(EVENTS_MAX + 1); events > 0; events--)
    add("send", later(), [dice.of<FlowEvent>(["x", "y"])]);
  if (dice.chance(0.25)) add("cancel", later(), ["enough"]);
  if (dice.chance(0.12)) add("terminate", later(), ["over"]);
  if (dice.chance(0.2)) {
    const at = later();
    add("suspend", at);
    if (dice.chance(0.7)) add("resume", at + dice.between(0, 3_000));
  }
  return calls;
}

function drawInput(dice: Dice): FlowInput {
  const ops = Array.from({ length: 1 + dice.below(OPS_MAX) }, () => drawOp(dice));
  const last: FlowOp[] = dice.chance(0.2) ? [{ do: "throw" }] : [];
  return {
    // A round that waits for nothing cannot go on with another.
    ops: [drawLeaf(dice), ...ops, ...last],
    rounds: dice.chance(0.4) ? 1 + dice.below(ROUNDS_MAX) : 1,
    round: 0,
    tidies: dice.chance(0.3),
    before: [],
  };
}

function drawOp(dice: Dice): FlowOp {
  const roll = dice.between(0, 1);
  if (roll < 0.55) return drawLeaf(dice);
  if (roll < 0.65) return { do: "send", till: drawTill(dice) };
  const ops = Array.from({ length: 2 + dice.below(3) }, () => drawLeaf(dice));
  if (roll < 0.8) return { do: "race", ops };
  return roll < 0.9 ? { do: "all", ops } : { do: "map", ops, lanes: 1 + dice.below(2) };
}

function drawLeaf(dice: Dice): FlowWait {
  const roll = dice.between(0, 1);
  if (roll < 0.45) return drawStep(dice);
  if (roll < 0.6) return { do: "sleep", ms: dice.of([5, 40, 300, 1_500, 4_000]) };
  if (roll < 0.75)
    return {
      do: "event",
      name: dice.of<FlowEvent>(["x", "y"]),
      timeoutMs: dice.chance(0.25) ? 0 : dice.of([20, 500, 3_000]),
    };
  return { do: dice.chance(0.1) ? "refused" : "ask", till: drawTill(dice) };
}

function drawStep(dice: Dice): FlowWait {
  return {
    do: "step",
    ms: dice.of([0, 20, 150, 700]),
    fails: dice.chance(0.7) ? 0 : dice.of([1, 2, FAILS_FOR_GOOD]),
    pauseMs: dice.of(PAUSES),
    undo: dice.chance(0.4),
  };
}

function drawTill(dice: Dice): string {
  return `i${dice.below(TILLS)}`;
}

/** What is asked of every till when a run is over. */
export function finalFlows(at: number): CallPlan[] {
  return Array.from({ length: TILLS }, (_, index): CallPlan => {
    const actorId = `i${index}`;
    return {
      id: `final ${actorId}`,
      at,
      from: { kind: "client", index: 0 },
      type: "Till",
      actorId,
      method: "facts",
      args: [],
      timeoutMs: 10_000,
    };
  });
}

/**
 * What runs need to come to an end when all is well again: the suspended ones go on, and those that
 * wait for ever get their events. Nobody calls any other.
 */
export function lastFlowCalls(journal: FlowJournal, at: number, round: number): CallPlan[] {
  return [...journal.runs.values()].flatMap(({ id, record, ended, episodes }) => {
    if (ended !== undefined || record === undefined) return [];
    const call = {
      at,
      from: { kind: "client", index: 0 } as const,
      type: FLOW_TYPE,
      actorId: id,
      timeoutMs: 10_000,
    };
    const started = episodes[0]?.input;
    const ops = started?.kind === "started" ? (started.input as FlowInput).ops : [];
    const plans: CallPlan[] = [];
    if (record.suspendedAt !== undefined)
      plans.push({ ...call, id: `${id} last resume ${round}`, method: "resume", args: [] });
    if (waitsForEver(ops) > 0)
      for (const name of ["x", "y"])
        plans.push({ ...call, id: `${id} last ${name} ${round}`, method: "send", args: [name] });
    return plans;
  });
}
