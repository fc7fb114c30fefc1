import { ANY_WORKER } from "@troupe/client";
import { CHESTS } from "./chest-actor.ts";
import type { Dice } from "./dice.ts";
import type { Frame } from "./draw-faults.ts";
import type { CallPlan } from "./history.ts";
import { SLOTS, type TimedFault } from "./script.ts";
import { REMINDER_NAMES, TIMER_NAMES } from "./workload-schedules.ts";

/** How many actors of each type a run has. */
export const POPULATION = {
  Cell: 4,
  Plain: 3,
  Recorder: 2,
  Account: 4,
  Alarm: 2,
  Metronome: 2,
  Courier: 3,
  Ledger: 2,
  Board: 2,
  Sleeper: 3,
  Chest: CHESTS,
} as const;

/** A time limit of nearly every call: longer than any fault that comes and goes. */
export const LONG_TIMEOUT_MS = 25_000;

/** Runs have up to this many rushes. */
const RUSHES_MAX = 3;

/** Runs have up to this many reminders that are deleted and set again. */
const CHANGES_MAX = 4;

/** Runs have up to this many couriers that are sent out. */
const DISPATCHES_MAX = 10;

/** Runs have up to this many cells that are destroyed. */
const CLEARS_MAX = 4;

/** Runs have up to this many calls of clerks. */
const WORK_MAX = 25;

/** How much later a call with a key may be made again: its actor may have been away meanwhile. */
const AGAIN_MS = 9_000;

type Target = Pick<CallPlan, "type" | "actorId" | "method" | "args">;

export function drawCalls(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  const calls: CallPlan[] = [];
  const count = 40 + dice.below(80);
  for (let index = 0; index < count; index++) {
    const at = timeOfCall(dice, frame, faults);
    const timeoutMs =
      frame.profile !== "calm" && dice.chance(0.15)
        ? dice.between(5, dice.of([500, 5_000]))
        : LONG_TIMEOUT_MS;
    const id = `k${index}`;
    const call: CallPlan = {
      id,
      at,
      from: someCaller(dice, frame),
      timeoutMs,
      ...drawTarget(dice),
    };
    calls.push(...keyed(dice, call));
    // Several at once, so that there is an order to keep.
    const burst = call.type === "Recorder" ? dice.below(5) : 0;
    for (let more = 1; more <= burst; more++)
      calls.push({ ...call, id: `${id}.${more}`, args: [dice.chance(0.3) ? 5 : 0] });
  }
  for (let rush = dice.below(RUSHES_MAX + 1); rush > 0; rush--)
    calls.push(...drawRush(dice, frame, { faults, rush }));
  for (let changes = dice.below(CHANGES_MAX + 1); changes > 0; changes--)
    calls.push(...drawChangesOfMind(dice, frame, { faults, id: `y${changes}` }));
  return calls.toSorted((a, b) => a.at - b.at);
}

/** A client, or now and then a silo. */
export function someCaller(dice: Dice, { clients }: Frame): CallPlan["from"] {
  return dice.chance(0.85)
    ? { kind: "client", index: dice.below(clients) }
    : { kind: "silo", index: dice.below(SLOTS) };
}

/** Couriers that are sent to ledgers, most of them when something happens to their silo. */
export function drawDispatches(
  dice: Dice,
  frame: Frame,
  faults: readonly TimedFault[],
): CallPlan[] {
  return Array.from({ length: dice.below(DISPATCHES_MAX + 1) }, (_, index): CallPlan => ({
    id: `e${index}`,
    at: timeOfCall(dice, frame, faults),
    from: someCaller(dice, frame),
    type: "Courier",
    actorId: `u${dice.below(POPULATION.Courier)}`,
    method: dice.chance(0.25) ? "depart" : "dispatch",
    args: [`l${dice.below(POPULATION.Ledger)}`],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
}

/** Cells that are destroyed, most of them when something happens. */
export function drawClears(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  return Array.from({ length: dice.below(CLEARS_MAX + 1) }, (_, index): CallPlan => ({
    id: `z${index}`,
    at: timeOfCall(dice, frame, faults),
    from: someCaller(dice, frame),
    type: "Cell",
    actorId: `c${dice.below(POPULATION.Cell)}`,
    method: "clear",
    args: [],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
}

/** Calls of clerks, which are stateless workers, most of them when something happens. */
export function drawWork(dice: Dice, frame: Frame, faults: readonly TimedFault[]): CallPlan[] {
  return Array.from({ length: dice.below(WORK_MAX + 1) }, (_, index): CallPlan => ({
    id: `w${index}`,
    at: timeOfCall(dice, frame, faults),
    from: someCaller(dice, frame),
    type: "Clerk",
    actorId: ANY_WORKER,
    method: dice.chance(0.3) ? "workOnce" : "work",
    args: [dice.chance(0.5) ? 0 : dice.between(1, 400)],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
}

/** A call with a key is often made again by its caller, who then gets the same answer. */
function keyed(dice: Dice, call: CallPlan): CallPlan[] {
  if (call.method !== "addKeyed") return [call];
  const first = { ...call, key: call.id };
  if (dice.chance(0.4)) return [first];
  return [first, { ...first, id: `${call.id}.again`, at: call.at + dice.between(0, AGAIN_MS) }];
}

/**
 * Most calls come when something happens: just before a fault, and while the cluster deals with it.
 */
export function timeOfCall(dice: Dice, frame: Frame, faults: readonly TimedFault[]): number {
  const fault = drawFelt(dice, frame, faults);
  if (fault === undefined || dice.chance(0.4)) return dice.between(0, frame.durationMs);
  const at = fault.at + (dice.chance(0.7) ? dice.between(-20, 400) : dice.between(400, 6_000));
  return Math.min(Math.max(at, 0), frame.durationMs);
}

/**
 * One of the faults, if possible one that does something: a start where nothing runs, and all else
 * where something does.
 */
function drawFelt(
  dice: Dice,
  { silos }: Frame,
  faults: readonly TimedFault[],
): TimedFault | undefined {
  const felt = faults.filter(({ fault }) => {
    if (!("slot" in fault) || fault.slot === undefined) return true;
    return fault.kind === "start" ? fault.slot >= silos : fault.slot < silos;
  });
  const from = felt.length > 0 ? felt : faults;
  return from[dice.below(from.length)];
}

/**
 * Many calls of one kind, from just before a fault until the cluster should have got over it: so
 * that an actor is in the middle of something at whichever moment it moves. They come either from
 * many sides, which learn of a move at different times, or from one process, often the one that the
 * fault hits, which goes on with them in its next life.
 */
function drawRush(
  dice: Dice,
  frame: Frame,
  parts: { readonly faults: readonly TimedFault[]; readonly rush: number },
): CallPlan[] {
  const felt = drawFelt(dice, frame, parts.faults);
  const count = 15 + dice.below(25);
  const one = dice.chance(0.5) ? drawCallerIn(dice, frame, felt) : undefined;
  const target = one === undefined ? drawLongTurns(dice) : drawRepeatable(dice, one);
  // Seldom enough for most callers to have nothing under way when an actor moves: their next call
  // goes to its new owner at once.
  const beforeMs = one === undefined ? dice.between(0, 300) : dice.between(300, 900);
  const afterMs = one === undefined ? count * dice.of([60, 120]) : dice.between(1_000, 7_000);
  const gapMs = one?.kind === "silo" ? restartOf(felt) : 0;
  const calls: CallPlan[] = [];
  for (let index = 0; index < count; index++) {
    const isBefore = index < (one === undefined ? 0 : count / 2);
    const at =
      (felt?.at ?? 0) +
      (isBefore ? dice.between(-beforeMs, 0) : gapMs + dice.between(-beforeMs, afterMs));
    const from = one ?? drawAnyCaller(dice, frame);
    const id = `x${parts.rush}.${index}`;
    if (at > 0 && at < frame.durationMs)
      calls.push(...keyed(dice, { id, at, from, timeoutMs: LONG_TIMEOUT_MS, ...target() }));
  }
  return calls;
}

/**
 * A reminder that is set, deleted and set again for the same due time, mostly while the network
 * holds what goes to the index: what is still under way of the first two must not undo the third.
 */
function drawChangesOfMind(
  dice: Dice,
  frame: Frame,
  { faults, id }: { readonly faults: readonly TimedFault[]; readonly id: string },
): CallPlan[] {
  const held = faults.filter(({ fault }) => fault.kind === "stores" && fault.how === "held");
  const trouble = held[dice.below(Math.max(1, held.length))];
  const at = trouble?.at ?? timeOfCall(dice, frame, faults);
  const actorId = `m${dice.below(POPULATION.Alarm)}`;
  const changes = [
    { method: "set", ms: dice.between(-900, -100) },
    { method: "cancel", ms: dice.between(0, 500) },
    { method: "set", ms: dice.between(700, 1_500) },
  ];
  return changes.map(({ method, ms }, index) => ({
    id: `${id}.${index}`,
    at: Math.min(Math.max(0, at + ms), frame.durationMs),
    from: { kind: "client", index: 0 },
    type: "Alarm",
    actorId,
    method,
    args: method === "set" ? ["seldom", 0] : ["seldom"],
    timeoutMs: LONG_TIMEOUT_MS,
  }));
}

/** How long the silo that the fault hits is gone. */
function restartOf(felt: TimedFault | undefined): number {
  return felt !== undefined && "restartMs" in felt.fault ? felt.fault.restartMs : 0;
}

function drawCallerIn(
  dice: Dice,
  { clients }: Frame,
  felt: TimedFault | undefined,
): CallPlan["from"] {
  const hit = felt !== undefined && "slot" in felt.fault ? felt.fault.slot : undefined;
  if (hit !== undefined && hit >= 0 && dice.chance(0.5)) return { kind: "silo", index: hit };
  return { kind: "client", index: dice.below(clients) };
}

function drawAnyCaller(dice: Dice, { clients }: Frame): CallPlan["from"] {
  return dice.chance(0.5)
    ? { kind: "client", index: dice.below(clients) }
    : { kind: "silo", index: dice.below(SLOTS) };
}

function drawLongTurns(dice: Dice): () => Target {
  const ms = dice.of([60, 300, 300]);
  if (dice.chance(0.3)) {
    const actorId = `c${dice.below(POPULATION.Cell)}`;
    return () => ({
      type: "Cell",
      actorId,
      method: "add",
      args: [1 + dice.below(5), dice.between(0, ms)],
    });
  }
  return () => ({
    type: "Plain",
    actorId: `p${dice.below(POPULATION.Plain)}`,
    method: "touch",
    args: [dice.between(0, ms)],
  });
}

/**
 * Calls whose repetition their actor has to tell from another call. A silo numbers its own, so that
 * those of its next life must not look like them; a client names them, and sends them again when
 * the silo that had them is lost.
 */
function drawRepeatable(dice: Dice, { kind }: CallPlan["from"]): () => Target {
  if (dice.chance(0.3)) return () => drawPayment(dice, "wire");
  const actorId = `c${dice.below(POPULATION.Cell)}`;
  const method = kind === "silo" ? "addOnce" : "addKeyed";
  return () => ({ type: "Cell", actorId, method, args: [1 + dice.below(5)] });
}

function drawPayment(dice: Dice, method: string): Target {
  const from = dice.below(POPULATION.Account);
  const to = (from + 1 + dice.below(POPULATION.Account - 1)) % POPULATION.Account;
  return { type: "Account", actorId: `a${from}`, method, args: [`a${to}`, 1 + dice.below(5)] };
}

function drawTarget(dice: Dice): Target {
  const cell = `c${dice.below(POPULATION.Cell)}`;
  const amount = 1 + dice.below(5);
  const ms = dice.chance(0.5) ? 0 : dice.between(0, 60);
  const roll = dice.between(0, 1);
  if (roll < 0.18) return { type: "Cell", actorId: cell, method: "add", args: [amount, ms] };
  if (roll < 0.26)
    return {
      type: "Cell",
      actorId: cell,
      method: dice.of(["addOnce", "addKeyed", "addThrough"]),
      args: [amount],
    };
  if (roll < 0.31) return { type: "Cell", actorId: cell, method: "write", args: [dice.below(100)] };
  if (roll < 0.39) return { type: "Cell", actorId: cell, method: "read", args: [] };
  if (roll < 0.42)
    return { type: "Cell", actorId: cell, method: dice.of(["spoil", "retire"]), args: [] };
  if (roll < 0.6) return drawPlain(dice, { cell, amount, ms });
  if (roll < 0.67)
    return {
      type: "Recorder",
      actorId: `r${dice.below(POPULATION.Recorder)}`,
      method: "record",
      args: [0],
    };
  if (roll < 0.81) return drawPayment(dice, dice.of(["transfer", "wire"]));
  return roll < 0.92 ? drawAlarm(dice) : drawMetronome(dice);
}

function drawPlain(
  dice: Dice,
  facts: { readonly cell: string; readonly amount: number; readonly ms: number },
): Target {
  const plain = { type: "Plain", actorId: `p${dice.below(POPULATION.Plain)}` };
  const roll = dice.between(0, 1);
  if (roll < 0.6) return { ...plain, method: "touch", args: [facts.ms] };
  if (roll < 0.75) return { ...plain, method: "nudge", args: [] };
  return { ...plain, method: "relay", args: [facts.cell, facts.amount] };
}

function drawAlarm(dice: Dice): Target {
  const alarm = { type: "Alarm", actorId: `m${dice.below(POPULATION.Alarm)}` };
  const name = dice.of(REMINDER_NAMES);
  if (dice.chance(0.3)) return { ...alarm, method: "cancel", args: [name] };
  return { ...alarm, method: "set", args: [name, Math.floor(dice.between(0, 4_000))] };
}

function drawMetronome(dice: Dice): Target {
  const metronome = { type: "Metronome", actorId: `t${dice.below(POPULATION.Metronome)}` };
  const name = dice.of(TIMER_NAMES);
  const roll = dice.between(0, 1);
  if (roll < 0.2) return { ...metronome, method: "cancel", args: [name] };
  if (roll < 0.4) return { ...metronome, method: "retire", args: [dice.between(0, 300)] };
  return { ...metronome, method: "set", args: [name, Math.floor(dice.between(0, 4_000))] };
}
