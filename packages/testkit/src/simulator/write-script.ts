import type { Random } from "@troupe/core";
import { seededRandom } from "../seeded-random.ts";
import type { CallPlan } from "./history.ts";
import { type Fault, type Profile, PROFILES, type Script, SLOTS, type TimedFault } from "./script.ts";

const CELLS = 4;
const PLAINS = 3;
const RECORDERS = 2;
const ACCOUNTS = 4;
const ALARMS = 2;

/** A time limit of nearly every call: longer than any fault that comes and goes. */
const LONG_TIMEOUT_MS = 25_000;

/** Draws numbers and choices from one stream. */
class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  between(least: number, most: number): number {
    return least + this.#random.next() * (most - least);
  }

  below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  of<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}

/** The script of a seed. The profile is drawn even if it is given, so that a seed is the same run with its profile's name and without. */
export function writeScript(seed: number, profile?: Profile): Script {
  const dice = new Dice(seededRandom(seed * 7919 + 17));
  const drawn = dice.of(PROFILES);
  const chosen = profile ?? drawn;
  const durationMs = dice.between(8_000, 25_000);
  const silos = 1 + dice.below(4);
  const clients = 1 + dice.below(2);
  const faults = writeFaults(dice, { profile: chosen, durationMs, silos, clients });
  const calls = writeCalls(dice, { profile: chosen, durationMs, clients, silos }, faults);
  return { seed, profile: chosen, silos, clients, leaseTtlMs: dice.of([1_500, 3_000, 5_000]), durationMs, faults, calls };
}

interface Frame {
  readonly profile: Profile;
  readonly durationMs: number;
  readonly silos: number;
  readonly clients: number;
}

function writeFaults(dice: Dice, frame: Frame): TimedFault[] {
  const faults: TimedFault[] = [];
  const count = frame.profile === "calm" ? 1 + dice.below(14) : 2 + dice.below(10);
  for (let index = 0; index < count; index++) {
    const at = dice.between(500, frame.durationMs);
    // Faults often do their worst together with a change of the members, or with each other.
    faults.push({ at, fault: draw(dice, frame) });
    if (dice.chance(0.3)) faults.push({ at: at + dice.between(0, 200), fault: draw(dice, { ...frame, profile: "calm" }) });
    if (dice.chance(0.2)) faults.push({ at: at + dice.between(0, 1_000), fault: draw(dice, frame) });
  }
  return faults.toSorted((a, b) => a.at - b.at);
}

function draw(dice: Dice, frame: Frame): Fault {
  const slot = dice.below(SLOTS);
  switch (frame.profile) {
    case "calm":
      return dice.chance(0.5) ? { kind: "start", slot } : { kind: "stop", slot };
    case "crashes":
      return drawCrash(dice, slot);
    case "partitions":
      return drawPartition(dice, frame);
    case "membership":
      return {
        kind: "membership",
        slot: someSlot(dice, slot),
        how: dice.of(["away", "away", "flaky", "slow"]),
        ms: dice.between(100, 12_000),
      };
    case "stores":
      return {
        kind: "stores",
        slot: someSlot(dice, slot),
        how: dice.of(["away", "flaky", "flaky", "slow"]),
        ms: dice.between(100, 6_000),
      };
    case "pauses":
      return drawPause(dice, slot);
    case "storm":
      return draw(dice, { ...frame, profile: dice.of(["calm", "crashes", "partitions", "membership", "stores", "pauses"]) });
  }
}

function someSlot(dice: Dice, slot: number): number | undefined {
  return dice.chance(0.3) ? undefined : slot;
}

function drawCrash(dice: Dice, slot: number): Fault {
  const restartMs = dice.chance(0.5) ? dice.between(0, 300) : dice.between(0, 10_000);
  const roll = dice.between(0, 1);
  if (roll < 0.3) return { kind: "kill", slot, restartMs };
  if (roll < 0.45) return { kind: "blackout", slot, restartMs };
  return { kind: "killAtEffect", slot, left: 1 + dice.below(40), side: dice.of(["before", "after"]), restartMs };
}

function drawPartition(dice: Dice, { clients }: Frame): Fault {
  const from = dice.below(SLOTS);
  const to = dice.chance(0.3) ? -1 - dice.below(clients) : dice.below(SLOTS);
  if (dice.chance(0.35)) return { kind: "breakLink", one: from, other: to };
  const ends = dice.chance(0.5) ? { from, to } : { from: to, to: from };
  return { kind: "cut", ...ends, bothWays: dice.chance(0.5), ms: dice.between(50, 8_000) };
}

function drawPause(dice: Dice, slot: number): Fault {
  if (dice.chance(0.2)) return { kind: "jumpWall", slot, ms: dice.between(-20_000, 20_000) };
  const ms = dice.chance(0.4) ? dice.between(10, 1_500) : dice.between(1_000, 9_000);
  if (dice.chance(0.4)) return { kind: "pause", slot, ms };
  return { kind: "pauseAtEffect", slot, left: 1 + dice.below(40), side: dice.of(["before", "after"]), ms };
}

/** Most calls come when something happens: just before a fault, and while the cluster deals with it. */
function timeOfCall(dice: Dice, { durationMs }: Frame, faults: readonly TimedFault[]): number {
  const fault = faults[dice.below(faults.length)];
  if (fault === undefined || dice.chance(0.4)) return dice.between(0, durationMs);
  const at = fault.at + (dice.chance(0.7) ? dice.between(-20, 400) : dice.between(400, 6_000));
  return Math.min(Math.max(at, 0), durationMs);
}

function writeCalls(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  const calls: CallPlan[] = [];
  const count = 60 + dice.below(120);
  for (let index = 0; index < count; index++) {
    const at = timeOfCall(dice, frame, faults);
    const from: CallPlan["from"] = dice.chance(0.85)
      ? { kind: "client", index: dice.below(frame.clients) }
      : { kind: "silo", index: dice.below(SLOTS) };
    const timeoutMs = frame.profile !== "calm" && dice.chance(0.15) ? dice.between(5, dice.of([500, 5_000])) : LONG_TIMEOUT_MS;
    const id = `k${index}`;
    const drawn = drawCall(dice);
    const call = { id, at, from, timeoutMs, ...drawn, ...(drawn.method === "addKeyed" ? { isKeyed: true } : {}) };
    calls.push(call);
    // Several at once, so that there is an order to keep.
    const burst = call.type === "Recorder" ? dice.below(5) : 0;
    for (let more = 1; more <= burst; more++) calls.push({ ...call, id: `${id}.${more}`, args: [dice.chance(0.3) ? 5 : 0] });
  }
  return calls.toSorted((a, b) => a.at - b.at);
}

function drawCall(dice: Dice): Pick<CallPlan, "type" | "actorId" | "method" | "args"> {
  const cell = `c${dice.below(CELLS)}`;
  const amount = 1 + dice.below(5);
  const ms = dice.chance(0.5) ? 0 : dice.between(0, 60);
  const roll = dice.between(0, 1);
  if (roll < 0.18) return { type: "Cell", actorId: cell, method: "add", args: [amount, ms] };
  if (roll < 0.26) return { type: "Cell", actorId: cell, method: dice.of(["addOnce", "addKeyed", "addThrough"]), args: [amount] };
  if (roll < 0.31) return { type: "Cell", actorId: cell, method: "write", args: [dice.below(100)] };
  if (roll < 0.4) return { type: "Cell", actorId: cell, method: "read", args: [] };
  if (roll < 0.43) return { type: "Cell", actorId: cell, method: dice.of(["spoil", "retire"]), args: [] };
  if (roll < 0.57) return { type: "Plain", actorId: `p${dice.below(PLAINS)}`, method: "touch", args: [ms] };
  if (roll < 0.6) return { type: "Plain", actorId: `p${dice.below(PLAINS)}`, method: "nudge", args: [] };
  if (roll < 0.65) return { type: "Plain", actorId: `p${dice.below(PLAINS)}`, method: "relay", args: [cell, amount] };
  if (roll < 0.73) return { type: "Recorder", actorId: `r${dice.below(RECORDERS)}`, method: "record", args: [0] };
  if (roll < 0.88) {
    const from = dice.below(ACCOUNTS);
    const to = (from + 1 + dice.below(ACCOUNTS - 1)) % ACCOUNTS;
    return { type: "Account", actorId: `a${from}`, method: dice.of(["transfer", "wire"]), args: [`a${to}`, amount] };
  }
  const name = dice.of(["once", "often"]);
  if (roll < 0.96)
    return { type: "Alarm", actorId: `m${dice.below(ALARMS)}`, method: "set", args: [name, Math.floor(dice.between(0, 4_000))] };
  return { type: "Alarm", actorId: `m${dice.below(ALARMS)}`, method: "cancel", args: [name] };
}

/** What is asked of every actor when a run is over and all is well again. */
export function finalCalls(at: number): CallPlan[] {
  const ask = (type: string, method: string, prefix: string): ((_: unknown, index: number) => CallPlan) => {
    return (_, index) => {
      const actorId = `${prefix}${index}`;
      return {
        id: `final ${actorId}`,
        at,
        from: { kind: "client", index: 0 },
        type,
        actorId,
        method,
        args: [],
        timeoutMs: 10_000,
      };
    };
  };
  return [
    ...Array.from({ length: CELLS }, ask("Cell", "read", "c")),
    ...Array.from({ length: RECORDERS }, ask("Recorder", "list", "r")),
    ...Array.from({ length: ACCOUNTS }, ask("Account", "facts", "a")),
    ...Array.from({ length: ALARMS }, ask("Alarm", "list", "m")),
  ];
}
