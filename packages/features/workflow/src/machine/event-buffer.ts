import type { LeftEvent } from "./episode.ts";

/** Events that nobody waits for yet. Those of one name leave in the order in which they came. */
export class EventBuffer {
  readonly #byName = new Map<string, unknown[]>();
  #size = 0;

  /** Events of all names. */
  get size(): number {
    return this.#size;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  add(name: string, data: unknown): void {
    const queue = this.#byName.get(name);
    if (queue === undefined) this.#byName.set(name, [data]);
    else queue.push(data);
    this.#size++;
  }

  /** The oldest event of the name, which is there. */
  take(name: string): unknown {
    const queue = this.#byName.get(name) ?? [];
    const data = queue.shift();
    if (queue.length === 0) this.#byName.delete(name);
    this.#size--;
    return data;
  }

  /** All of them: those of one name in order. */
  entries(): LeftEvent[] {
    return [...this.#byName].flatMap(([name, queue]) => queue.map((data) => ({ name, data })));
  }

  clear(): void {
    this.#byName.clear();
    this.#size = 0;
  }
}
