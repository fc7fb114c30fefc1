import { runOutsideTurns } from "@troupe/client";
import type { Clock, Scheduled } from "@troupe/core";

/** What a pull loop needs to know and to do. */
export interface PullLoopParts {
  readonly clock: Clock;
  readonly isDisposed: boolean;
  /** True if there is something to pull, or to tell whom it is pulled from. */
  readonly wantsToPull: boolean;
  /** Resolves with false if it has to be tried again after a pause. Never rejects. */
  pull(): Promise<boolean>;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Pulls for as long as that is wanted: one pull at a time, with growing pauses when it fails. */
export class PullLoop {
  readonly #parts: PullLoopParts;
  #state: "idle" | "pulling" | "pausing" = "idle";
  #pause: Scheduled | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(parts: PullLoopParts) {
    this.#parts = parts;
  }

  /** Something has changed: pulls if that is wanted now. */
  pump(): void {
    const { isDisposed, wantsToPull } = this.#parts;
    if (this.#state !== "idle" || isDisposed || !wantsToPull) return;
    this.#state = "pulling";
    runOutsideTurns(() => void this.#pull());
  }

  dispose(): void {
    this.#pause?.cancel();
  }

  async #pull(): Promise<void> {
    const isDone = await this.#parts.pull();
    if (this.#parts.isDisposed) return;
    if (isDone) {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#goOn();
      return;
    }
    this.#state = "pausing";
    this.#pause = this.#parts.clock.schedule(this.#pauseMs, () => this.#goOn());
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #goOn(): void {
    this.#state = "idle";
    this.pump();
  }
}
