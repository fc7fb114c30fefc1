import { type DueEntry, formatAddress } from "@troupe/core";

/** Tells a due entry from every other. */
export function entryKey({ address, name, dueAt, tag }: DueEntry): string {
  return `${dueAt}\n${tag}\n${name}\n${formatAddress(address)}`;
}

/** Due entries by time, each once: a binary heap. */
export class DueQueue {
  readonly #heap: DueEntry[] = [];
  readonly #keys = new Set<string>();

  get size(): number {
    return this.#heap.length;
  }

  peek(): DueEntry | undefined {
    return this.#heap[0];
  }

  /** False if it is here already. */
  push(entry: DueEntry): boolean {
    const key = entryKey(entry);
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    for (
      let parent = (index - 1) >> 1;
      index > 0 && this.#dueAt(parent) > entry.dueAt;
      parent = (index - 1) >> 1
    ) {
      this.#move(parent, index);
      index = parent;
    }
    heap[index] = entry;
    return true;
  }

  pop(): DueEntry | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    this.#keys.delete(entryKey(first));
    if (this.#heap.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#keys.clear();
  }

  #sink(entry: DueEntry): void {
    const { length } = this.#heap;
    let index = 0;
    for (let child = 1; child < length; child = 2 * index + 1) {
      if (child + 1 < length && this.#dueAt(child + 1) < this.#dueAt(child)) child++;
      if (this.#dueAt(child) >= entry.dueAt) break;
      this.#move(child, index);
      index = child;
    }
    this.#heap[index] = entry;
  }

  #dueAt(index: number): number {
    return this.#heap[index]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  #move(from: number, to: number): void {
    const entry = this.#heap[from];
    if (entry !== undefined) this.#heap[to] = entry;
  }
}
