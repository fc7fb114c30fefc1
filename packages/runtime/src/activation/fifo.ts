/**
 * Holes at the front of the array are closed when there are this many, and more of them than
 * entries.
 */
const HOLES_MAX = 64;

/**
 * A queue. `Array.prototype.shift` moves every entry, which costs a hot mailbox a tenth of its
 * time.
 */
export class Fifo<T> {
  /** What the entries weigh together, as their owner counts it. */
  weight = 0;
  #entries: (T | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#entries.length - this.#first;
  }

  peek(): T | undefined {
    return this.#entries[this.#first];
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#entries[this.#first++] = undefined;
    if (this.#first === this.#entries.length) {
      this.#entries.length = 0;
      this.#first = 0;
    } else if (this.#first > HOLES_MAX && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  /** What is in the queue, in order. */
  values(): T[] {
    return this.#entries.slice(this.#first) as T[];
  }

  /** Takes out the first entry that matches. */
  remove(matches: (entry: T) => boolean): T | undefined {
    const index = this.#entries.findIndex((entry) => entry !== undefined && matches(entry));
    return index < 0 ? undefined : this.#entries.splice(index, 1)[0];
  }

  /** Takes out all entries that match, in order. */
  removeAll(matches: (entry: T) => boolean): T[] {
    const entries = this.clear();
    for (const entry of entries) if (!matches(entry)) this.push(entry);
    return entries.filter(matches);
  }

  /** Takes out everything. */
  clear(): T[] {
    const entries = this.values();
    this.#entries = [];
    this.#first = 0;
    return entries;
  }
}
