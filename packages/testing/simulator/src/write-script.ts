import { SOURCE, TARGET } from "./chest-actor.ts";
import { seededRandom } from "@troupe/testkit";
import { Dice } from "./dice.ts";
import {
  drawCalls,
  drawClears,
  drawDispatches,
  drawWork,
  LONG_TIMEOUT_MS,
  POPULATION,
} from "./draw-calls.ts";
import { drawMarks, drawReads } from "./draw-reads.ts";
import { drawFaults } from "./draw-faults.ts";
import { drawNaps } from "./draw-naps.ts";
import { drawFlows, finalFlows } from "./draw-flows.ts";
import { drawNews, finalNews } from "./draw-news.ts";
import { drawRelocations } from "./draw-relocations.ts";
import type { CallPlan } from "./history.ts";
import { type Profile, PROFILES, type Script } from "./script.ts";

/**
 * The script of a seed. The profile is drawn even if it is given, so that a seed is the same run
 * with its profile's name and without.
 */
export function writeScript(seed: number, profile?: Profile): Script {
  const dice = new Dice(seededRandom(seed * 7919 + 17));
  const drawn = dice.of(PROFILES);
  const chosen = profile ?? drawn;
  const durationMs = dice.between(8_000, 25_000);
  const silos = 1 + dice.below(4);
  const clients = 1 + dice.below(2);
  const frame = { profile: chosen, durationMs, silos, clients };
  const faults = drawFaults(dice, frame);
  const calls = drawCalls(dice, frame, faults);
  // By dice of their own: what else happens in a seed does not depend on them.
  const errands = drawDispatches(new Dice(seededRandom(seed * 7919 + 18)), frame, faults);
  const work = drawWork(new Dice(seededRandom(seed * 7919 + 19)), frame, faults);
  const clears = drawClears(new Dice(seededRandom(seed * 7919 + 20)), frame, faults);
  const naps = drawNaps(new Dice(seededRandom(seed * 7919 + 23)), frame, faults);
  const moves = drawRelocations(new Dice(seededRandom(seed * 7919 + 24)), frame, faults);
  const ofBoards = new Dice(seededRandom(seed * 7919 + 21));
  const marks = drawMarks(ofBoards, frame, faults);
  const news =
    chosen === "topics" ? drawNews(new Dice(seededRandom(seed * 7919 + 22)), frame, faults) : [];
  const flows =
    chosen === "workflows"
      ? drawFlows(new Dice(seededRandom(seed * 7919 + 25)), frame, faults)
      : [];
  const leaseTtlMs = dice.of([1_500, 3_000, 5_000]);
  return {
    seed,
    ...frame,
    leaseTtlMs,
    leasePolicy: chosen === "available" ? "available" : "strict",
    faults,
    // A silo with runs has enough to do with them.
    calls: (chosen === "workflows"
      ? flows
      : [...calls, ...errands, ...work, ...clears, ...naps, ...moves, ...marks, ...news]
    ).toSorted((a, b) => a.at - b.at),
    reads: chosen === "workflows" ? [] : drawReads(ofBoards, frame, faults),
  };
}

/**
 * What shows how an actor of each type stands, and how its ids begin. A plain one has nothing to
 * show.
 */
const LOOKS = [
  { type: "Cell", method: "read", prefix: "c" },
  { type: "Recorder", method: "list", prefix: "r" },
  { type: "Account", method: "facts", prefix: "a" },
  { type: "Ledger", method: "facts", prefix: "l" },
  { type: "Board", method: "facts", prefix: "o" },
  { type: "Chest", method: "list", prefix: SOURCE },
  { type: "Chest", method: "list", prefix: TARGET },
  { type: "Alarm", method: "list", prefix: "m" },
  { type: "Metronome", method: "list", prefix: "t" },
] as const;

/** What is asked of every actor when a run is over and all is well again. */
export function finalCalls(at: number, profile: Profile): CallPlan[] {
  const looks = LOOKS.flatMap(({ type, method, prefix }) =>
    Array.from({ length: POPULATION[type] }, (_, index): CallPlan => {
      const actorId = `${prefix}${index}`;
      const from: CallPlan["from"] = { kind: "client", index: 0 };
      return {
        id: `final ${actorId}`,
        at,
        from,
        type,
        actorId,
        method,
        args: [],
        timeoutMs: 10_000,
      };
    }),
  );
  if (profile === "workflows") return finalFlows(at);
  return profile === "topics" ? [...looks, ...finalNews(at)] : looks;
}

/** One mark more on each board, when all is well again. */
export function lastMarks(at: number, profile: Profile): CallPlan[] {
  if (profile === "workflows") return [];
  return Array.from({ length: POPULATION.Board }, (_, index): CallPlan => ({
    id: `last o${index}`,
    at,
    from: { kind: "client", index: 0 },
    type: "Board",
    actorId: `o${index}`,
    method: "mark",
    args: [0],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
}
