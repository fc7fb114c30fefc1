import type { Dice } from "./dice.ts";
import { LONG_TIMEOUT_MS, POPULATION, someCaller, timeOfCall } from "./draw-calls.ts";
import type { Frame } from "./draw-faults.ts";
import type { CallPlan, ReadPlan } from "./history.ts";
import type { TimedFault } from "./script.ts";

/** Runs have up to this many streams that are read. */
const READS_MAX = 8;

/** Runs have up to this many marks. */
const MARKS_MAX = 40;

/** Streams of boards, most of them opened when something happens. */
export function drawReads(dice: Dice, frame: Frame, faults: readonly TimedFault[]): ReadPlan[] {
  return Array.from({ length: dice.below(READS_MAX + 1) }, (_, index): ReadPlan => ({
    id: `s${index}`,
    at: timeOfCall(dice, frame, faults),
    from: someCaller(dice, frame),
    board: boardOf(dice),
    method: dice.chance(0.7) ? "follow" : "poll",
    everyMs: dice.between(5, 200),
    slowMs: dice.chance(0.7) ? 0 : dice.between(10, 600),
    resumes: dice.chance(0.5),
    limit: dice.chance(0.7) ? Number.POSITIVE_INFINITY : 1 + dice.below(10),
    window: dice.chance(0.5) ? 64 : 1 + dice.below(3),
  }));
}

/** What is written on the boards, most of it when something happens. */
export function drawMarks(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  return Array.from({ length: dice.below(MARKS_MAX + 1) }, (_, index): CallPlan => ({
    id: `b${index}`,
    at: timeOfCall(dice, frame, faults),
    from: someCaller(dice, frame),
    type: "Board",
    actorId: boardOf(dice),
    method: dice.chance(0.2) ? "smudge" : "mark",
    args: [dice.chance(0.4) ? 0 : dice.between(0, 80)],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
}

function boardOf(dice: Dice): string {
  return `o${dice.below(POPULATION.Board)}`;
}
