import { TroupeError } from "@troupe/core";
import type { Undo } from "./step-options.ts";

interface Undoable {
  readonly name: string;
  readonly undo: Undo<unknown>;
  result: unknown;
}

/** Errors after which nobody knows whether the step had an effect. */
const UNKNOWN: ReadonlySet<string> = new Set(["TIMEOUT", "STEP_LOST"]);

/**
 * What the code of a run has to take back if it fails.
 *
 * UNDO-1. Undos run in the reverse order of their steps, one after the other, each once (W9).
 * UNDO-2. A step that has certainly failed is not undone. One of which nothing is known is, and its
 *         undo gets undefined.
 */
export class UndoList {
  #list: Undoable[] = [];

  /** Remembers how to take back what the promise stands for. */
  add(name: string, undo: Undo<unknown>, promise: Promise<unknown>): void {
    const undoable: Undoable = { name, undo, result: undefined };
    this.#list.push(undoable);
    void this.#follow(undoable, promise);
  }

  async #follow(undoable: Undoable, promise: Promise<unknown>): Promise<void> {
    try {
      undoable.result = await promise;
    } catch (error) {
      if (isKnown(error)) this.#list = this.#list.filter((other) => other !== undoable);
    }
  }

  /** Runs each through `run`; gives what was thrown. */
  async runAll(run: (name: string, undo: () => unknown) => Promise<unknown>): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (let last = this.#list.pop(); last !== undefined; last = this.#list.pop()) {
      const { name, undo, result } = last;
      try {
        // oxlint-disable-next-line no-await-in-loop -- UNDO-1
        await run(`undo ${name}`, () => undo(result));
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

function isKnown(error: unknown): boolean {
  if (error instanceof Error && error.name === "WorkflowCancelled") return false;
  return !(error instanceof TroupeError && UNKNOWN.has(error.code));
}
