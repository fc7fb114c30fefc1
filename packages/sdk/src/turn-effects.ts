/** The turn in which code runs, as far as this package needs it. */
export interface TurnEffects {
  /** Aborted when nobody waits for what the turn does. */
  readonly signal: AbortSignal;
  /**
   * Calls back when the turn has ended and what it changed is on its way to the store. Not if the
   * turn threw, or is undone.
   */
  onKept(callback: () => void): void;
}

let ask: () => TurnEffects | undefined = () => undefined;

/** For whoever knows which turn runs; the last one to say so is asked. */
export function giveTurnEffects(find: () => TurnEffects | undefined): void {
  ask = find;
}

/** The turn in which the caller runs, if it does. */
export function turnEffects(): TurnEffects | undefined {
  return ask();
}
