import { type DirtyFlag, type FieldChange, type Fields, RecordTable } from "@troupe/core";
import type { StoredEvent } from "./topic-event.ts";

interface Seen {
  readonly number: number;
  readonly key: string;
}

const PREFIX = "u:";

/** Events of brokers that an actor remembers. */
export const SEEN_MAX = 1_000;

/**
 * Which events of brokers an actor has handled: the last 1,000 of them, stored with what they
 * changed (P2).
 */
export class SeenEvents {
  static readonly prefix = PREFIX;
  readonly #table: RecordTable<Seen>;
  #keys: Set<string> | undefined;
  #last: number | undefined;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable(PREFIX, dirty);
  }

  has(group: string, event: StoredEvent): boolean {
    this.#keys ??= new Set(this.#table.values().map(({ key }) => key));
    return this.#keys.has(keyOf(group, event));
  }

  /** The event is handled with the running turn. */
  put(group: string, event: StoredEvent): void {
    this.#last ??= Math.max(0, ...this.#table.values().map(({ number }) => number));
    const number = ++this.#last;
    const slot = String(number % SEEN_MAX);
    const earlier = this.#table.find(slot);
    if (earlier !== undefined) this.#keys?.delete(earlier.key);
    const key = keyOf(group, event);
    this.#table.put(slot, { number, key });
    this.#keys?.add(key);
  }

  load(fields: Fields): void {
    this.#table.load(fields);
  }

  collect(): FieldChange[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    if (!this.#table.isChanged) return;
    this.#table.rollback();
    this.#keys = undefined;
    this.#last = undefined;
  }
}

function keyOf(group: string, { source, id }: StoredEvent): string {
  return `${group} ${source} ${id}`;
}
