import type { Dice } from "./dice.ts";
import { someCaller, timeOfCall } from "./draw-calls.ts";
import type { Frame } from "./draw-faults.ts";
import type { CallPlan } from "./history.ts";
import { HERALDS, KEYS, LISTENERS, NEWS_TYPE } from "./news-actors.ts";
import type { TimedFault } from "./script.ts";

/** Calls of heralds in a run, and events of one. */
const CALLS = { least: 20, more: 40 };
const EVENTS_MAX = 6;

const TIMEOUT_MS = 25_000;

/** News of heralds and of programs, most of them when something happens. */
export function drawNews(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  const count = CALLS.least + dice.below(CALLS.more);
  return Array.from({ length: count }, (_, index): CallPlan => {
    const key = `k${dice.below(KEYS)}`;
    const call = {
      id: `n${index}`,
      at: timeOfCall(dice, frame, faults),
      from: someCaller(dice, frame),
      timeoutMs: TIMEOUT_MS,
    };
    const roll = dice.between(0, 1);
    if (roll < 0.25)
      return { ...call, type: NEWS_TYPE, actorId: key, method: "publish", args: [index] };
    const actorId = `h${dice.below(HERALDS)}`;
    const method = roll < 0.35 ? "falter" : "herald";
    const args = [key, 1 + dice.below(EVENTS_MAX)];
    return { ...call, type: "Herald", actorId, method, args };
  });
}

/** What is asked of every listener when a run is over. */
export function finalNews(at: number): CallPlan[] {
  return Array.from({ length: LISTENERS }, (_, index): CallPlan => {
    const actorId = `n${index}`;
    return {
      id: `final ${actorId}`,
      at,
      from: { kind: "client", index: 0 },
      type: "Listener",
      actorId,
      method: "facts",
      args: [],
      timeoutMs: 10_000,
    };
  });
}
