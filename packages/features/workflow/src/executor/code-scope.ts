import { runInNameOf, turnInName, type TurnScope } from "@troupe/client";
import { type ActorAddress, TroupeError } from "@troupe/core";
import type { CallContext } from "@troupe/sdk";

/**
 * In whose name the code of a run, or of one of its steps, runs. What such code leaves behind, for
 * example a promise that nobody awaits and that is rejected, is then told as the run's, and does
 * not end the process.
 *
 * It is no turn: a call through a plain reference belongs to no call chain, and nothing that the
 * code does is stored with a turn.
 */
export class CodeScope implements TurnScope {
  readonly address: ActorAddress;
  readonly method: string;
  readonly deadline = 0;
  readonly chain = [];
  readonly traceContext = undefined;
  readonly isReadonly = true;
  readonly ended = true;
  readonly gate = {
    isOpen: true,
    pass: (release: (failure: unknown) => void): void => release(undefined),
  };

  /** True for the code of the run itself, which has to do the same when it runs again. */
  readonly isOfRun: boolean;

  /** `method` is what logs say: the name of the step, or `run`. */
  constructor(address: ActorAddress, method: string, isOfRun = false) {
    this.address = address;
    this.method = method;
    this.isOfRun = isOfRun;
  }

  get context(): CallContext {
    throw new TroupeError("BAD_CONFIG", `${this.method} runs outside of a turn`);
  }

  willLook(): void {}

  willWrite(): void {}

  /** Nothing is kept with it, so there is nothing to wait for. */
  onKept(callback: () => void): void {
    callback();
  }

  /** True within what `enter` runs, and everything that it starts. */
  get isCurrent(): boolean {
    return turnInName() === this;
  }

  enter(work: () => void): void {
    runInNameOf(this, work);
  }
}
