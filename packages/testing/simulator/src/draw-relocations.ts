import { CHESTS, RELOCATION_TYPE, SOURCE, TARGET } from "./chest-actor.ts";
import type { Dice } from "./dice.ts";
import { LONG_TIMEOUT_MS, someCaller, timeOfCall } from "./draw-calls.ts";
import type { Frame } from "./draw-faults.ts";
import type { CallPlan } from "./history.ts";
import type { TimedFault } from "./script.ts";

/** Things that are put into chests in a run, and chests that are moved, at most. */
const PUTS_MAX = 40;
const MOVES_MAX = 6;

/** How long the first import of a chest is waited for, at most. */
const CUT_MS = 400;

/** Chests that are filled, and exported and imported meanwhile, mostly when something happens. */
export function drawRelocations(
  dice: Dice,
  frame: Frame,
  faults: readonly TimedFault[],
): CallPlan[] {
  const puts = Array.from({ length: dice.below(PUTS_MAX + 1) }, (_, index): CallPlan => ({
    id: `put${index}`,
    at: timeOfCall(dice, frame, faults),
    from: someCaller(dice, frame),
    type: "Chest",
    actorId: `${dice.chance(0.6) ? SOURCE : TARGET}${dice.below(CHESTS)}`,
    method: dice.chance(0.85) ? "put" : "list",
    args: [dice.chance(0.5) ? 0 : dice.between(1, 100)],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
  const moves = Array.from({ length: dice.below(MOVES_MAX + 1) }, (_, index): CallPlan => ({
    id: `move${index}`,
    at: timeOfCall(dice, frame, faults),
    from: { kind: "client", index: dice.below(frame.clients) },
    type: RELOCATION_TYPE,
    actorId: `${SOURCE}${dice.below(CHESTS)}`,
    method: "move",
    args: [`${TARGET}${dice.below(CHESTS)}`, Math.floor(dice.between(0, CUT_MS))],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
  return [...puts, ...moves];
}
