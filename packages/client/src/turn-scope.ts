import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { ActorAddress, ChainEntry } from "@troupe/core";
import { type CallContext, giveTurnEffects, type TurnEffects } from "@troupe/sdk";

/** What the calls of a turn have to wait for, so that nobody sees what a crash could still undo. */
export interface CallGate {
  readonly isOpen: boolean;
  /** Calls `release` when the call may leave, or with why it never will. */
  pass(release: (failure: unknown) => void): void;
}

/** What the calls that a turn makes inherit from it. */
export interface TurnScope {
  readonly address: ActorAddress;
  /** The method that the turn runs. */
  readonly method: string;
  /** On the monotonic clock. */
  readonly deadline: number;
  /** The turns that wait for this one, from the outermost, and this one at the end. */
  readonly chain: readonly ChainEntry[];
  /** See `traceContextOf`. */
  readonly traceContext: Readonly<Record<string, string>> | undefined;
  readonly context: CallContext;
  /** True if the turn may not write state. */
  readonly isReadonly: boolean;
  /** True once the turn is over: what still runs in its name then is on its own. */
  readonly ended: boolean;
  readonly gate: CallGate;
  /** The turn is about to look at what is stored, or what another turn has made of it. */
  willLook(): void;
  /** The turn is about to change what is stored. */
  willWrite(): void;
  /** See `TurnEffects`. */
  onKept(callback: () => void): void;
}

const scopes = new AsyncLocalStorage<TurnScope | undefined>();

/** The turn in which the caller runs, if it does and the turn is not over. */
export function currentTurn(): TurnScope | undefined {
  const scope = scopes.getStore();
  return scope === undefined || scope.ended ? undefined : scope;
}

giveTurnEffects(() => {
  const turn = currentTurn();
  return turn && effectsOf(turn);
});

function effectsOf(turn: TurnScope): TurnEffects {
  return {
    get signal() {
      return turn.context.signal;
    },
    onKept: (callback) => turn.onKept(callback),
  };
}

/**
 * The turn in whose name the caller runs, also if it is over: whose doing it is that something
 * fails.
 */
export function turnInName(): TurnScope | undefined {
  return scopes.getStore();
}

/** Runs `work` in the name of a turn that may be over. */
export function runInNameOf(scope: TurnScope | undefined, work: () => void): void {
  scopes.run(scope, work);
}

/**
 * The context of nobody: what a turn sees of its process besides its scope must not depend on who
 * called or which turn was before.
 */
const nobody = new AsyncResource("TroupeTurn");

/**
 * True if leaving `nobody` brings back what was entered before it, as it does where contexts are
 * frames (from Node.js 24 on).
 */
const leavingRestores = nobody.runInAsyncScope(() => {
  const probe = new AsyncLocalStorage<string>();
  probe.enterWith("outer");
  nobody.runInAsyncScope(() => probe.enterWith("inner"));
  const isRestored = probe.getStore() === "outer";
  probe.disable();
  return isRestored;
});

/** Runs `work` and everything that it starts in the turn. */
export function runInTurn<S extends TurnScope, W, T>(
  scope: S,
  work: (scope: S, owner: W) => T,
  owner: W,
): T {
  return nobody.runInAsyncScope(
    leavingRestores ? enter<S, W, T> : run<S, W, T>,
    undefined,
    scope,
    work,
    owner,
  );
}

/**
 * Makes one context instead of the two that `run` makes, on the way in and on the way out, at 75 ns
 * each.
 */
function enter<S extends TurnScope, W, T>(scope: S, work: (scope: S, owner: W) => T, owner: W): T {
  scopes.enterWith(scope);
  return work(scope, owner);
}

function run<S extends TurnScope, W, T>(scope: S, work: (scope: S, owner: W) => T, owner: W): T {
  return scopes.run(scope, work, scope, owner);
}

/** Runs `work` and everything that it starts as if it were no turn's. */
export function runOutsideTurns<T>(work: () => T): T {
  return scopes.run(undefined, work);
}
