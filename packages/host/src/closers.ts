/**
 * What was opened and must be closed, in the order of opening. Everything is closed in reverse
 * order, also when one of the closings fails; the first failure is then thrown. Closing twice is
 * harmless.
 */
export class Closers {
  #waiting: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  /** Closes `part` with the others, before those that were added earlier. */
  add<T extends { close(): Promise<void> }>(part: T): T {
    this.#waiting.push(() => part.close());
    return part;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#waiting.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- what was opened later may use what was opened
      // before it.
      await close().catch((error: unknown) => failures.push(error));
    }
    this.#waiting = [];
    if (failures.length > 0) throw failures[0];
  }
}
