import type { LeftEvent } from "./episode.ts";

/**
 * Events that nobody waits for yet, and requests without a handler. Those of one name leave in the
 * order in which they came.
 */
export class EventBuffer {
  readonly #byName = new Map<string, LeftEvent[]>();
  #size = 0;
  #asks = 0;

  /** Events and requests of all names. */
  get size(): number {
    return this.#size;
  }

  /** Events without the requests. */
  get events(): number {
    return this.#size - this.#asks;
  }

  add(event: LeftEvent): void {
    const queue = this.#byName.get(event.name);
    if (queue === undefined) this.#byName.set(event.name, [event]);
    else queue.push(event);
    this.#size++;
    if (event.ask !== undefined) this.#asks++;
  }

  /** The oldest event of the name, if there is one. */
  take(name: string): LeftEvent | undefined {
    const queue = this.#byName.get(name);
    const event = queue?.shift();
    if (queue?.length === 0) this.#byName.delete(name);
    if (event !== undefined) this.#size--;
    if (event?.ask !== undefined) this.#asks--;
    return event;
  }

  /** All of them: those of one name in order. */
  entries(): LeftEvent[] {
    return [...this.#byName.values()].flat();
  }

  clear(): void {
    this.#byName.clear();
    this.#size = 0;
    this.#asks = 0;
  }
}
