/** Between which processes nothing goes, in which direction. */
export class SimCuts {
  /** As `from>to`, and how often that was ordered. */
  readonly #orders = new Map<string, number>();

  /** Nothing goes from `from` to `to`, until as many heals have come. */
  cut(from: string, to: string): void {
    const key = `${from}>${to}`;
    this.#orders.set(key, (this.#orders.get(key) ?? 0) + 1);
  }

  heal(from: string, to: string): void {
    const key = `${from}>${to}`;
    const left = (this.#orders.get(key) ?? 1) - 1;
    if (left > 0) this.#orders.set(key, left);
    else this.#orders.delete(key);
  }

  healAll(): void {
    this.#orders.clear();
  }

  has(from: string, to: string): boolean {
    return this.#orders.has(`${from}>${to}`);
  }
}
