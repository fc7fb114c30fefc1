import { currentTurn } from "@troupe/client";
import {
  type ActorAddress,
  createValuePacker,
  type Fields,
  formatAddress,
  fromPortable,
  type MakeReference,
  SCHEDULES_PER_ACTOR_MAX,
  TroupeError,
} from "@troupe/core";
import type { ScheduleInfo, Schedules, TimerOptions } from "@troupe/sdk";
import { createSchedule, type ScheduleRecord } from "./schedule.ts";

const packer = createValuePacker();

/** A schedule that was set, replaced, moved on or deleted since it was last stored. */
export interface ScheduleChange {
  readonly kind: "reminder" | "timer";
  readonly field: string;
  readonly before: ScheduleRecord | undefined;
  readonly after: ScheduleRecord | undefined;
}

export interface ScheduleTableFacts {
  readonly kind: "reminder" | "timer";
  readonly address: ActorAddress;
  /** Method names by the names of schedules that may be set. */
  readonly handlers: ReadonlyMap<string, string>;
  readonly makeReference: MakeReference;
  now(): number;
}

/** The reminders, or the timers, of one actor: what the unit of work has made of them, and what counts as stored. */
export class ScheduleTable implements Schedules<TimerOptions> {
  readonly #facts: ScheduleTableFacts;
  readonly #records = new Map<string, ScheduleRecord>();
  /** What counts as stored, of those that differ from it. */
  readonly #before = new Map<string, ScheduleRecord | undefined>();
  readonly #volatile = new Set<string>();

  constructor(facts: ScheduleTableFacts) {
    this.#facts = facts;
  }

  load(fields: Fields): void {
    const prefix = this.#field("");
    for (const [field, bytes] of fields) {
      if (!field.startsWith(prefix)) continue;
      const record = packer.unpack(bytes) as ScheduleRecord;
      this.#records.set(record.name, record);
    }
  }

  async set(name: string, options: TimerOptions): Promise<void> {
    this.#checkWritable(`sets the ${this.#facts.kind} ${name}`);
    const { kind, address, handlers } = this.#facts;
    if (!handlers.has(name)) {
      const known = [...handlers.keys()].join(", ") || "none";
      const message = `${address.type} has no method for the ${kind} ${name}; write @${kind}(${JSON.stringify(name)}) above one (there are: ${known})`;
      throw new TroupeError("BAD_SCHEDULE", message);
    }
    if (this.#records.size >= SCHEDULES_PER_ACTOR_MAX && !this.#records.has(name)) {
      throw new TroupeError(
        "BAD_SCHEDULE",
        `${formatAddress(address)} has ${SCHEDULES_PER_ACTOR_MAX} ${kind}s already; delete some`,
      );
    }
    if (options.volatile === true) this.#volatile.add(name);
    else this.#volatile.delete(name);
    this.put(name, createSchedule(name, options, this.#facts.now()));
  }

  async delete(name: string): Promise<boolean> {
    this.#checkWritable(`deletes the ${this.#facts.kind} ${name}`);
    if (!this.#records.has(name)) return false;
    this.put(name, undefined);
    return true;
  }

  async get<D>(name: string): Promise<ScheduleInfo<D> | undefined> {
    const record = this.#records.get(name);
    return record === undefined ? undefined : (this.#info(record) as ScheduleInfo<D>);
  }

  async list(): Promise<ScheduleInfo[]> {
    return [...this.#records.values()].map((record) => this.#info(record));
  }

  find(name: string): ScheduleRecord | undefined {
    return this.#records.get(name);
  }

  values(): Iterable<ScheduleRecord> {
    return this.#records.values();
  }

  /** The live form of a record's data. */
  dataOf(record: ScheduleRecord): unknown {
    // The record keeps its own copy: what a handler does to its data must not change the next tick's.
    const value = packer.unpack(packer.pack(record.data));
    return fromPortable({ value, revive: true, size: 0 }, this.#facts.makeReference);
  }

  put(name: string, record: ScheduleRecord | undefined): void {
    if (!this.#before.has(name)) this.#before.set(name, this.#records.get(name));
    if (record === undefined) this.#records.delete(name);
    else this.#records.set(name, record);
  }

  /** What differs from what counts as stored, volatile ones left out. */
  collect(): ScheduleChange[] {
    const changes: ScheduleChange[] = [];
    for (const [name, before] of this.#before) {
      if (!this.#volatile.has(name))
        changes.push({ kind: this.#facts.kind, field: this.#field(name), before, after: this.#records.get(name) });
    }
    return changes;
  }

  /** From now on what is here counts as stored. True if anything changed. */
  adopt(): boolean {
    const changed = this.#before.size > 0;
    this.#before.clear();
    return changed;
  }

  rollback(): void {
    for (const [name, before] of this.#before) {
      if (before === undefined) this.#records.delete(name);
      else this.#records.set(name, before);
    }
    this.#before.clear();
  }

  #field(name: string): string {
    return `${this.#facts.kind === "reminder" ? "r" : "t"}:${name}`;
  }

  #info(record: ScheduleRecord): ScheduleInfo {
    return { name: record.name, data: this.dataOf(record), nextAt: record.nextAt, count: record.count };
  }

  #checkWritable(what: string): void {
    if (currentTurn()?.isReadonly !== true) return;
    throw new TroupeError(
      "READONLY_WRITE",
      `${formatAddress(this.#facts.address)} ${what} in a readonly method; drop @readonly()`,
    );
  }
}

/** The stored form of a record. */
export function packSchedule(record: ScheduleRecord): Uint8Array {
  return packer.pack(record);
}
