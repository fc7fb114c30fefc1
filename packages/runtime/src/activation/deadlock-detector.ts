import type { OpenCall } from "@troupe/client";
import { formatAddress, TroupeError } from "@troupe/core";
import {
  callNameOf,
  type CallName,
  type CallWait,
  keyOf,
  type RunningTurn,
  runningTurn,
} from "./call-wait.ts";
import type { TurnRunner } from "./turn-runner.ts";
import type { Turn } from "./turn.ts";

/** Calls that one search asks for: a larger graph is searched again later. */
const CALLS_MAX = 200;

/** After so many cycles whose victim did not fall, the one that found them falls itself. */
const PATIENCE = 4;

/** What a silo says of a call that it has: what that waits for, and what those turns wait for. */
export interface WaitReport {
  readonly kind: CallWait["kind"];
  readonly turns: readonly { readonly turn: RunningTurn; readonly calls: readonly OpenCall[] }[];
}

export interface DeadlockDetectorParts {
  /** The open calls of a turn of this silo, as far as another silo or this one has them. */
  openCallsOf(token: string): readonly OpenCall[];
  /** Asks the silo that has the call. Undefined if that does not have it, or does not answer. */
  ask(call: OpenCall): Promise<WaitReport | undefined>;
}

/** One edge of a cycle: a turn has made the call, and what that waits for is `next`. */
interface Step {
  readonly call: OpenCall;
  readonly kind: CallWait["kind"];
  readonly next: RunningTurn;
}

/** A call in a mailbox that waits for itself. */
interface Cycle {
  readonly waiting: Turn;
  readonly blocker: RunningTurn;
  /** From the blocker to the turn that made the waiting call. */
  readonly steps: readonly Step[];
}

/**
 * Finds calls that wait for each other, on one silo or many, and ends one of each cycle.
 *
 * A call in a mailbox waits for the turn that runs; a running turn waits for the calls that it has
 * made. The search starts where a call has waited for long, and follows the calls of the turn in
 * its way from silo to silo. If it comes back to a call of its own mailbox, that is a cycle.
 *
 * LOCK-1. What is ended is part of a cycle that existed at one instant. Each edge lasts from its
 *         beginning to its end without a gap, since a call waits once and a turn runs once. All
 *         edges are asked twice, one round after the other, so they all held between the rounds.
 * LOCK-2. Of a cycle one call ends: the last of the waiting ones in the order of their keys, which
 *         each silo finds by itself. It has not run.
 * LOCK-3. A turn is taken to wait for every call that it has made. One that does not await a call
 *         may see that one fail with `DEADLOCK`.
 */
export class DeadlockDetector {
  readonly #parts: DeadlockDetectorParts;
  readonly #spared = new WeakMap<Turn, number>();

  constructor(parts: DeadlockDetectorParts) {
    this.#parts = parts;
  }

  /** What a call of an activation of this silo waits for, for whoever searches. */
  report(wait: CallWait | undefined): WaitReport | undefined {
    if (wait === undefined) return undefined;
    const turns = wait.turns.map((turn) => ({
      turn,
      calls: this.#parts.openCallsOf(turn.token),
    }));
    return { kind: wait.kind, turns };
  }

  /** Ends a call that waits here, if it waits for itself and is the one to fall. */
  async breakCycle(runner: TurnRunner): Promise<void> {
    const cycle = await this.#find(runner);
    if (cycle === undefined || !(await this.#stillHolds(cycle, runner))) return;
    const { waiting } = cycle;
    const spared = this.#spared.get(waiting) ?? 0;
    this.#spared.set(waiting, spared + 1);
    if (isVictim(cycle) || spared >= PATIENCE) runner.refuseWaiting(waiting, deadlockOf(cycle));
  }

  async #find(runner: TurnRunner): Promise<Cycle | undefined> {
    const own = new Map(runner.waitingTurns.map((turn) => [keyOf(callNameOf(turn)), turn]));
    const search = new Search(this.#parts, own);
    for (const turn of runner.blockers) {
      const blocker = runningTurn(turn);
      const found = await search.from(this.#parts.openCallsOf(blocker.token), []);
      if (found !== undefined) return { ...found, blocker };
    }
    return undefined;
  }

  /** The second round (LOCK-1). */
  async #stillHolds({ waiting, blocker, steps }: Cycle, runner: TurnRunner): Promise<boolean> {
    let calls: readonly OpenCall[] = this.#parts.openCallsOf(blocker.token);
    for (const { call, next } of steps) {
      if (!hasCall(calls, call)) return false;
      const report = await this.#parts.ask(call);
      const same = report?.turns.find(({ turn }) => turn.token === next.token);
      if (same === undefined) return false;
      ({ calls } = same);
    }
    return (
      hasCall(calls, callNameOf(waiting)) &&
      runner.waitingTurns.includes(waiting) &&
      runner.blockers.some(({ token }) => token === blocker.token)
    );
  }
}

/** One search through the graph, depth first, each call once. */
class Search {
  readonly #parts: DeadlockDetectorParts;
  readonly #own: ReadonlyMap<string, Turn>;
  readonly #seen = new Set<string>();

  /** It ends at one of `own`, the calls that wait where it started. */
  constructor(parts: DeadlockDetectorParts, own: ReadonlyMap<string, Turn>) {
    this.#parts = parts;
    this.#own = own;
  }

  async from(
    calls: readonly OpenCall[],
    path: readonly Step[],
  ): Promise<Pick<Cycle, "waiting" | "steps"> | undefined> {
    for (const call of calls) {
      const waiting = this.#own.get(keyOf(call));
      if (waiting !== undefined) return { waiting, steps: path };
    }
    for (const call of calls) {
      if (this.#seen.has(keyOf(call)) || this.#seen.size >= CALLS_MAX) continue;
      this.#seen.add(keyOf(call));
      const found = await this.#through(call, path);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #through(
    call: OpenCall,
    path: readonly Step[],
  ): Promise<Pick<Cycle, "waiting" | "steps"> | undefined> {
    const report = await this.#parts.ask(call);
    for (const { turn, calls } of report?.turns ?? []) {
      const step: Step = { call, kind: report?.kind ?? "runs", next: turn };
      const found = await this.from(calls, [...path, step]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function hasCall(calls: readonly OpenCall[], wanted: CallName): boolean {
  return calls.some((call) => keyOf(call) === keyOf(wanted));
}

/** True if the call that waits here is the last of those that wait in the cycle. */
function isVictim({ waiting, steps }: Cycle): boolean {
  const own = keyOf(callNameOf(waiting));
  return steps.every(({ call, kind }) => kind === "runs" || keyOf(call) < own);
}

function deadlockOf({ waiting, blocker, steps }: Cycle): TroupeError {
  const { request } = waiting;
  const names = [blocker, ...steps.map(({ next }) => next)].map(({ name }) => name);
  const last = `${formatAddress(request)}.${request.method}()`;
  const message = `${[...names, last].join(" -> ")}: these turns wait for each other, and the last call would wait for the first turn for ever; let one of them call in another order, or make the called method @interleave()`;
  return new TroupeError("DEADLOCK", message, { ran: "no" });
}
