import { statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@troupe/core";

/** lmdb's file in the folder of an environment. */
const DATA_FILE = "data.mdb";

/** Between two looks: one takes some microseconds, and what was deleted is lost anyway. */
const LOOK_EVERY_MS = 100;

const GONE =
  "it was deleted, moved or replaced while this process had it open; stop the silos that use it, and start them again";

/**
 * Whether an open environment is still the one in its folder. The system lets a process write to
 * files that were deleted, and such writes would be acknowledged and lost.
 */
export class FolderPresence {
  readonly #file: string;
  readonly #identity: string | undefined;
  readonly #clock: Clock;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  /** For an environment that was just opened. */
  constructor(folder: string, clock: Clock) {
    this.#file = join(folder, DATA_FILE);
    this.#clock = clock;
    this.#identity = identityOf(this.#file);
  }

  /** What is wrong, or undefined if the environment is still there. A look counts for a moment. */
  problem(): string | undefined {
    const now = this.#clock.monotonic();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return this.#problem;
    this.#lookedAt = now;
    this.#problem = identityOf(this.#file) === this.#identity ? undefined : GONE;
    return this.#problem;
  }
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}`;
}
