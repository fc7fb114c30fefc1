import type { Clock, Scheduled } from "@troupe/core";
import { formatAddress, TroupeError } from "@troupe/core";
import type { RunnerOwner } from "./runner-owner.ts";
import type { TurnRunner } from "./turn-runner.ts";
import type { Turn } from "./turn.ts";

/** How often it is looked at what waits. */
const LOOK_EVERY_MS = 100;

/**
 * How long a turn that has had all its time may still go on while others wait for it. It is counted
 * from the first look that sees it: a process that stood still has not given it that time.
 */
const GRACE_MS = 500;

/** A turn that others have waited for so long may wait for them; looked for again after twice. */
const CYCLE_AFTER_MS = 200;
const CYCLE_PAUSE_MAX_MS = 5_000;

export interface WaitWatchParts {
  readonly clock: Clock;
  /** Looks whether what waits there waits for itself, and ends it if so. Never rejects. */
  breakCycle(runner: TurnRunner): Promise<void>;
}

/** What is known of an activation whose turns make others wait. */
interface Watched {
  readonly activation: RunnerOwner;
  readonly runner: TurnRunner;
  /** The running turn that is in the way, and since when it was seen there. */
  blocker: Turn | undefined;
  since: number;
  /** When it was first seen to have had all its time. */
  overdueSince: number | undefined;
  /** When it is next looked whether it waits for itself, and how long after that. */
  cycleAt: number;
  cyclePauseMs: number;
  isLookingForCycle: boolean;
}

/**
 * Looks after the turns that others wait for: that they end, and do not wait for each other.
 *
 * WAIT-1. A turn that others wait for is given up when it has not ended at its deadline, and not
 *         within the `callTimeout` of its type, and not in a short time after that. Then its actor
 *         is available again.
 * WAIT-2. Whoever waits for such a turn and whose own deadline comes before that is told its name.
 * WAIT-3. Turns that nobody waits for are left alone, and cost nothing here.
 */
export class WaitWatch {
  readonly #parts: WaitWatchParts;
  readonly #watched = new Map<TurnRunner, Watched>();
  #timer: Scheduled | undefined;
  #isStopped = false;

  constructor(parts: WaitWatchParts) {
    this.#parts = parts;
  }

  /** Something waits for turns of the activation that run. */
  watch(activation: RunnerOwner, runner: TurnRunner): void {
    if (this.#isStopped || this.#watched.has(runner)) return;
    this.#watched.set(runner, {
      activation,
      runner,
      blocker: undefined,
      since: 0,
      overdueSince: undefined,
      cycleAt: 0,
      cyclePauseMs: CYCLE_AFTER_MS,
      isLookingForCycle: false,
    });
    this.#timer ??= this.#parts.clock.schedule(LOOK_EVERY_MS, this.#look);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#watched.clear();
  }

  readonly #look = (): void => {
    const now = this.#parts.clock.monotonic();
    for (const watched of this.#watched.values()) {
      if (watched.runner.isWaitedFor) this.#lookAt(watched, now);
      else this.#watched.delete(watched.runner);
    }
    this.#timer =
      this.#watched.size === 0 || this.#isStopped
        ? undefined
        : this.#parts.clock.schedule(LOOK_EVERY_MS, this.#look);
  };

  #lookAt(watched: Watched, now: number): void {
    const { activation, runner } = watched;
    const { blockers } = runner;
    const hung = blockers.find((turn) => timeOf(turn, activation) <= now);
    const blocker = hung ?? blockers[0];
    if (blocker !== watched.blocker) {
      watched.blocker = blocker;
      watched.since = now;
      watched.overdueSince = undefined;
      watched.cycleAt = now + CYCLE_AFTER_MS;
      watched.cyclePauseMs = CYCLE_AFTER_MS;
    }
    if (hung !== undefined) this.#lookAtHung(watched, hung, now);
    else if (blocker !== undefined && now >= watched.cycleAt) this.#lookForCycle(watched, now);
  }

  #lookAtHung(watched: Watched, hung: Turn, now: number): void {
    watched.overdueSince ??= now;
    if (now - watched.overdueSince >= GRACE_MS) {
      this.#watched.delete(watched.runner);
      watched.activation.giveUp(hung);
      return;
    }
    for (const turn of watched.runner.waitingTurns) {
      if (turn.deadline <= now + LOOK_EVERY_MS)
        watched.runner.refuseWaiting(turn, behind(hung, turn));
    }
  }

  #lookForCycle(watched: Watched, now: number): void {
    watched.cycleAt = now + watched.cyclePauseMs;
    watched.cyclePauseMs = Math.min(2 * watched.cyclePauseMs, CYCLE_PAUSE_MAX_MS);
    // Only a call that a turn waits for can be a part of a cycle.
    const isPossible = watched.runner.waitingTurns.some(({ request }) => request.chain.length > 0);
    if (!isPossible || watched.isLookingForCycle) return;
    void this.#breakCycle(watched);
  }

  async #breakCycle(watched: Watched): Promise<void> {
    watched.isLookingForCycle = true;
    await this.#parts.breakCycle(watched.runner);
    watched.isLookingForCycle = false;
  }
}

/** When a turn has had all the time that it was given. */
function timeOf(turn: Turn, { definition }: RunnerOwner): number {
  // A stream has no deadline; each of its turns that holds up others has this time.
  const deadline = Number.isFinite(turn.deadline) ? turn.deadline : 0;
  return Math.max(deadline, (turn.startedAt ?? deadline) + definition.callTimeoutMs);
}

function behind(hung: Turn, { request }: Turn): TroupeError {
  const what = `${formatAddress(request)}.${request.method}()`;
  const message = `${what} has not run: it waited for ${hung.request.method}(), which runs beyond its deadline`;
  return new TroupeError("TIMEOUT", message, { ran: "no" });
}
