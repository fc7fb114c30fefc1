/**
 * The least that one turn at a time costs in JavaScript: each piece of work is chained to the one
 * before, and its caller waits for that very promise. It is not a mailbox to use: after work that
 * throws it runs nothing more, it has no limit and no deadlines, and its callers share what they
 * are given.
 */
export class PromiseMailbox {
  #tail: Promise<unknown> = Promise.resolve();

  post<T>(work: () => T): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done;
    return done;
  }
}
