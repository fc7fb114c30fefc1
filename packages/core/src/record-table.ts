import type { Fields } from "./state-store.ts";
import { createValuePacker } from "./value-packer.ts";

const packer = createValuePacker();

/** The stored form of a value, where it has been packed already. */
export class PackedField {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A stored field that differs from what counts as stored. */
export interface FieldChange<R = unknown> {
  /** Name of the stored field. */
  readonly field: string;
  /** All fields from `field` to before this name go away, too. For logs. */
  readonly upTo?: string;
  /** What counted as stored; undefined if nothing did. */
  readonly before: R | undefined;
  /** Undefined if the field goes away. */
  readonly after: R | undefined;
}

/** Set by everything of an actor that changes, so that a turn which changed nothing asks nobody. */
export interface DirtyFlag {
  isDirty: boolean;
}

/**
 * Records of one kind that are stored with an actor, a field each: as the unit of work has them,
 * and as they count as stored.
 *
 * Records are portable values and are never changed in place. An empty table holds next to nothing,
 * because most actors have none.
 */
export class RecordTable<R> {
  readonly #prefix: string;
  readonly #dirty: DirtyFlag;
  #records: Map<string, R> | undefined;
  /** What counts as stored under the names whose records differ from it. */
  #before: Map<string, R | undefined> | undefined;

  /** `prefix` starts the names of the stored fields, and tells this kind from every other. */
  constructor(prefix: string, dirty: DirtyFlag) {
    this.#prefix = prefix;
    this.#dirty = dirty;
  }

  /** `order` is that of `values`; without one it is up to the store. */
  load(fields: Fields, order?: (one: R, other: R) => number): void {
    const loaded: [name: string, record: R][] = [];
    for (const [field, bytes] of fields) {
      if (!field.startsWith(this.#prefix)) continue;
      loaded.push([field.slice(this.#prefix.length), packer.unpack(bytes) as R]);
    }
    if (order !== undefined) loaded.sort(([, one], [, other]) => order(one, other));
    if (loaded.length > 0) this.#records = new Map(loaded);
  }

  get size(): number {
    return this.#records?.size ?? 0;
  }

  find(name: string): R | undefined {
    return this.#records?.get(name);
  }

  /** What counts as stored under the name. */
  findAdopted(name: string): R | undefined {
    return this.#before?.has(name) === true ? this.#before.get(name) : this.find(name);
  }

  /** In the order in which they were put or loaded. */
  values(): R[] {
    return this.#records === undefined ? [] : [...this.#records.values()];
  }

  put(name: string, record: R | undefined): void {
    const records = (this.#records ??= new Map<string, R>());
    const before = (this.#before ??= new Map<string, R | undefined>());
    this.#dirty.isDirty = true;
    if (!before.has(name)) before.set(name, records.get(name));
    if (record === undefined) records.delete(name);
    else records.set(name, record);
  }

  get isChanged(): boolean {
    return this.#before !== undefined;
  }

  collect(): FieldChange<R>[] {
    if (this.#before === undefined) return [];
    return [...this.#before].map(([name, before]) => ({
      field: this.#prefix + name,
      before,
      after: this.find(name),
    }));
  }

  /** What is here counts as stored from now on. */
  adopt(): void {
    this.#before = undefined;
  }

  rollback(): void {
    for (const [name, before] of this.#before ?? []) {
      if (before === undefined) this.#records?.delete(name);
      else this.#records?.set(name, before);
    }
    this.#before = undefined;
  }
}

/** The stored form of what a field holds. */
export function packField(value: unknown): Uint8Array {
  return value instanceof PackedField ? value.bytes : packer.pack(value);
}

/** What a stored field holds, in portable form. */
export function unpackField(bytes: Uint8Array): unknown {
  return packer.unpack(bytes);
}
