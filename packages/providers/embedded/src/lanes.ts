/**
 * Runs tasks of one lane one after the other, in the order in which they came, and those of
 * different lanes side by side. A task that fails does not hold up the next one.
 */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(lane: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(lane);
    const outcome = before === undefined ? task() : before.then(task, task);
    this.#last.set(lane, outcome);
    const leave = (): void => {
      if (this.#last.get(lane) === outcome) this.#last.delete(lane);
    };
    outcome.then(leave, leave);
    return outcome;
  }
}
