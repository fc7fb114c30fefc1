import {
  type DirtyFlag,
  type FieldChange,
  packField,
  PackedField,
  unpackField,
} from "./record-table.ts";
import type { Fields } from "./state-store.ts";

/**
 * Digits of a record's number in the name of its field: enough for a hundred years of a busy actor.
 */
const DIGITS = 12;

/**
 * Records of one kind that are appended and never changed, a field each. They are not held in
 * memory: whoever loads the log sees each of them once, in order.
 *
 * LOG-1. Records are numbered from 0 without gaps. Those from `first` to before `next` are there.
 * LOG-2. What was appended or removed since the last `adopt` is undone by `rollback`. Numbers that
 *        were undone are given again.
 * LOG-3. Records go from the oldest on, as a range: that costs the same for one and for a million.
 */
export class RecordLog<R> {
  readonly #prefix: string;
  readonly #dirty: DirtyFlag;
  #first = 0;
  #next = 0;
  /** What counts as stored. */
  #storedFirst = 0;
  #storedNext = 0;
  /** The stored forms of the records from `#storedNext` on. */
  #appended: PackedField[] = [];

  /** `prefix` starts the names of the stored fields, and tells this kind from every other. */
  constructor(prefix: string, dirty: DirtyFlag) {
    this.#prefix = prefix;
    this.#dirty = dirty;
  }

  /** Shows each stored record, in order. */
  load(fields: Fields, visit: (record: R, number: number) => void): void {
    const names = [...fields.keys()].filter((field) => field.startsWith(this.#prefix)).toSorted();
    const [first] = names;
    if (first === undefined) return;
    this.#first = this.#numberOf(first);
    this.#next = this.#first + names.length;
    this.#storedFirst = this.#first;
    this.#storedNext = this.#next;
    for (const [index, name] of names.entries()) {
      const bytes = fields.get(name);
      if (bytes !== undefined) visit(unpackField(bytes) as R, this.#first + index);
    }
  }

  /** Number of the oldest record that is there; `next` if none is. */
  get first(): number {
    return this.#first;
  }

  /** The number that the next record gets. */
  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  /** Gives the number of the record. The record is packed at once, so it may be changed later. */
  append(record: R): number {
    this.#dirty.isDirty = true;
    this.#appended.push(new PackedField(packField(record)));
    return this.#next++;
  }

  /** Removes the records before this number. Those that are gone already do not matter. */
  removeBefore(number: number): void {
    const first = Math.min(number, this.#next);
    if (first <= this.#first) return;
    this.#dirty.isDirty = true;
    this.#first = first;
  }

  collect(): FieldChange[] {
    const changes: FieldChange[] = [];
    const removed = Math.min(this.#first, this.#storedNext);
    if (removed > this.#storedFirst) {
      const field = this.#fieldOf(this.#storedFirst);
      changes.push({ field, upTo: this.#fieldOf(removed), before: true, after: undefined });
    }
    for (const [index, after] of this.#appended.entries()) {
      const number = this.#storedNext + index;
      if (number >= this.#first) {
        changes.push({ field: this.#fieldOf(number), before: undefined, after });
      }
    }
    return changes;
  }

  /** What is here counts as stored from now on. */
  adopt(): void {
    this.#storedFirst = this.#first;
    this.#storedNext = this.#next;
    this.#appended = [];
  }

  rollback(): void {
    this.#first = this.#storedFirst;
    this.#next = this.#storedNext;
    this.#appended = [];
  }

  #fieldOf(number: number): string {
    return this.#prefix + String(number).padStart(DIGITS, "0");
  }

  #numberOf(field: string): number {
    return Number(field.slice(this.#prefix.length));
  }
}
