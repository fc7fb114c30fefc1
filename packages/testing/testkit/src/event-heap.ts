/**
 * Something that is to happen at a time. `order` tells events of one time apart: the earlier made
 * comes first.
 */
export interface TimedEvent {
  readonly at: number;
  readonly order: number;
}

/** Events by time, and by order within one time: a binary heap. */
export class EventHeap<E extends TimedEvent> {
  #events: E[] = [];

  get size(): number {
    return this.#events.length;
  }

  /** The earliest event, which stays. */
  peek(): E | undefined {
    return this.#events[0];
  }

  push(event: E): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent];
      if (above === undefined || !comesBefore(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  /** Takes the earliest event out. */
  pop(): E | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first !== last && last !== undefined) this.#sink(last);
    return first;
  }

  /** Forgets every event that `keep` refuses. */
  retain(keep: (event: E) => boolean): void {
    this.#events = this.#events.filter(keep).toSorted((a, b) => (comesBefore(a, b) ? -1 : 1));
  }

  #sink(event: E): void {
    const events = this.#events;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = events[child];
      const right = events[child + 1];
      if (below === undefined) break;
      if (right !== undefined && comesBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (!comesBefore(below, event)) break;
      events[index] = below;
      index = child;
    }
    events[index] = event;
  }
}

function comesBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
