/**
 * Hands the latest of many values to one reader. What was put before it and not taken yet is
 * dropped, so a slow reader costs one value.
 */
export class LatestValue<T extends object> {
  #value: T | undefined;
  #isEnded = false;
  #wake: (() => void) | undefined;

  put(value: T): void {
    this.#value = value;
    this.#wake?.();
  }

  /** Nothing more comes. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  /** The latest value that was not taken yet; undefined at the end. One reader at a time. */
  async take(): Promise<T | undefined> {
    while (this.#value === undefined && !this.#isEnded) {
      // oxlint-disable-next-line no-await-in-loop -- whoever wakes it may only have ended it.
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    const value = this.#isEnded ? undefined : this.#value;
    this.#value = undefined;
    return value;
  }
}
