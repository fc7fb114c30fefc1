/**
 * What an owner has begun and nobody else waits for.
 *
 * BACK-1. `ended` resolves when nothing that was begun before is under way any more.
 * BACK-2. Work that rejects goes to `onFailure`, so that no promise is left without a handler.
 */
export class BackgroundWork {
  readonly #onFailure: (error: unknown) => void;
  readonly #underWay = new Set<Promise<void>>();

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** Takes work that has begun. */
  add(work: Promise<unknown>): void {
    const ended = work
      .then(() => undefined, this.#onFailure)
      .finally(() => {
        this.#underWay.delete(ended);
      });
    this.#underWay.add(ended);
  }

  async ended(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }
}
