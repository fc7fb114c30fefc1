/** The least that one turn at a time costs in JavaScript: each turn is chained to the one before it. */
export class PromiseMailbox {
  #last: Promise<unknown> = Promise.resolve();

  post<T>(turn: () => T): Promise<T> {
    const result = this.#last.then(turn);
    this.#last = result.then(ignore, ignore);
    return result;
  }
}

function ignore(): void {}
