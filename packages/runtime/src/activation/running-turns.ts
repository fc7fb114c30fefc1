import type { Clock } from "@troupe/core";
import type { Turn } from "./turn.ts";

/**
 * How long a turn that does not end may hold up the deactivation of its actor, if its deadline is
 * not later.
 */
const LAST_TURN_MS = 30_000;

const NO_TURNS: readonly Turn[] = [];

/** What waits for the end of the turns that run is given to work with. */
export interface QuietParts {
  readonly clock: Clock;
  /** A turn of a stream that holds up nobody is let go of: it counts no more. */
  onLetGo(turn: Turn): void;
  /** These did not end in time. */
  onLate(turns: readonly Turn[]): void;
}

/** The turns of one activation that run: nearly always one or none. */
export class RunningTurns {
  #turns: readonly Turn[] = NO_TURNS;
  #onQuiet: (() => void) | undefined;

  get all(): readonly Turn[] {
    return this.#turns;
  }

  add(turn: Turn): void {
    this.#turns = this.#turns.length === 0 ? [turn] : [...this.#turns, turn];
  }

  remove(turn: Turn): void {
    this.#turns =
      this.#turns.length === 1 ? NO_TURNS : this.#turns.filter((other) => other !== turn);
  }

  /** Looks again whether any is left for which somebody would have to wait. */
  checkQuiet(): boolean {
    if (this.#turns.some(({ holdsNothing }) => !holdsNothing)) return false;
    this.#onQuiet?.();
    return true;
  }

  /** Gives them all out. */
  clear(): readonly Turn[] {
    const turns = this.#turns;
    this.#turns = NO_TURNS;
    return turns;
  }

  /** Resolves when no turn runs, or when those that do have had their time. */
  async quiet(parts: QuietParts): Promise<void> {
    const { clock } = parts;
    if (this.#turns.some(({ holdsNothing }) => holdsNothing)) {
      // Those that wait for the end of their stream have it by now, and end first.
      await new Promise<void>((resolve) => void clock.schedule(0, resolve));
      for (const turn of this.#turns.filter(({ holdsNothing }) => holdsNothing)) {
        this.remove(turn);
        parts.onLetGo(turn);
      }
    }
    if (this.#turns.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onQuiet = resolve;
    // Streams have no deadline.
    const deadlines = this.#turns.map(({ deadline }) => deadline).filter(Number.isFinite);
    const leftMs = Math.max(0, ...deadlines) - clock.monotonic();
    const timer = clock.schedule(Math.max(LAST_TURN_MS, leftMs), () => {
      parts.onLate(this.#turns);
      resolve();
    });
    await promise;
    timer.cancel();
  }
}
