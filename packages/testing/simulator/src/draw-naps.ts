import type { Dice } from "./dice.ts";
import { LONG_TIMEOUT_MS, POPULATION, someCaller, timeOfCall } from "./draw-calls.ts";
import type { Frame } from "./draw-faults.ts";
import type { CallPlan } from "./history.ts";
import type { TimedFault } from "./script.ts";

/** Calls of sleepers in a run, at most. */
const NAPS_MAX = 40;

/** Calls of sleepers, most of them when something happens. Most are not to wake them. */
export function drawNaps(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  return Array.from({ length: dice.below(NAPS_MAX + 1) }, (_, index): CallPlan => {
    const call = {
      id: `nap${index}`,
      at: timeOfCall(dice, frame, faults),
      from: someCaller(dice, frame),
      type: "Sleeper",
      actorId: `s${dice.below(POPULATION.Sleeper)}`,
      timeoutMs: LONG_TIMEOUT_MS,
    };
    const ms = dice.chance(0.5) ? 0 : dice.between(1, 300);
    const roll = dice.between(0, 1);
    if (roll < 0.1) return { ...call, method: "leave", args: [], ifActive: true };
    const nap = { ...call, method: "nap", args: [ms] };
    return roll < 0.65 ? { ...nap, ifActive: true } : nap;
  });
}
