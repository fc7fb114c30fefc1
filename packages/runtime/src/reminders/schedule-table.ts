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
import { type DirtyFlag, type RecordChange, RecordTable } from "../record-table.ts";
import { createSchedule, type ScheduleRecord } from "./schedule.ts";

const packer = createValuePacker();

/** A schedule that was set, replaced, moved on or deleted since it was last stored. */
export type ScheduleChange = RecordChange<ScheduleRecord>;

/** Names of the stored fields of reminders, and of timers, start with these. */
const PREFIXES = { reminder: "r:", timer: "t:" } as const;

export interface ScheduleTableFacts {
  readonly kind: "reminder" | "timer";
  readonly address: ActorAddress;
  /** Method names by the names of schedules that may be set. */
  readonly handlers: ReadonlyMap<string, string>;
  readonly makeReference: MakeReference;
  readonly dirty: DirtyFlag;
  now(): number;
}

/**
 * The reminders, or the timers, of one actor: what the unit of work has made of them, and what
 * counts as stored.
 */
export class ScheduleTable implements Schedules<TimerOptions> {
  readonly #facts: ScheduleTableFacts;
  readonly #records: RecordTable<ScheduleRecord>;

  constructor(facts: ScheduleTableFacts) {
    this.#facts = facts;
    this.#records = new RecordTable(PREFIXES[facts.kind], facts.dirty);
  }

  load(fields: Fields): void {
    this.#records.load(fields);
  }

  async set(name: string, options: TimerOptions): Promise<void> {
    this.#checkWritable(`sets the ${this.#facts.kind} ${name}`);
    const { kind, address, handlers } = this.#facts;
    if (!handlers.has(name)) {
      const known = [...handlers.keys()].join(", ") || "none";
      const message = `${address.type} has no method for the ${kind} ${name}; write @${kind}(${JSON.stringify(name)}) above one (there are: ${known})`;
      throw new TroupeError("BAD_SCHEDULE", message);
    }
    if (this.#records.size >= SCHEDULES_PER_ACTOR_MAX && this.#records.find(name) === undefined) {
      throw new TroupeError(
        "BAD_SCHEDULE",
        `${formatAddress(address)} has ${SCHEDULES_PER_ACTOR_MAX} ${kind}s already; delete some`,
      );
    }
    const record = createSchedule(name, options, this.#facts.now());
    this.#records.put(name, options.volatile === true ? { ...record, volatile: true } : record);
  }

  async delete(name: string): Promise<boolean> {
    this.#checkWritable(`deletes the ${this.#facts.kind} ${name}`);
    if (this.#records.find(name) === undefined) return false;
    this.#records.put(name, undefined);
    return true;
  }

  async get<D>(name: string): Promise<ScheduleInfo<D> | undefined> {
    const record = this.#records.find(name);
    return record === undefined ? undefined : (this.#info(record) as ScheduleInfo<D>);
  }

  async list(): Promise<ScheduleInfo[]> {
    return this.#records.values().map((record) => this.#info(record));
  }

  find(name: string): ScheduleRecord | undefined {
    return this.#records.find(name);
  }

  /** What counts as stored under the name, whatever a turn that runs has made of it. */
  findAdopted(name: string): ScheduleRecord | undefined {
    return this.#records.findAdopted(name);
  }

  values(): Iterable<ScheduleRecord> {
    return this.#records.values();
  }

  /** The live form of a record's data. */
  dataOf(record: ScheduleRecord): unknown {
    // The record keeps its own copy: what a handler does to its data must not change the next
    // tick's.
    const value = packer.unpack(packer.pack(record.data));
    return fromPortable({ value, revive: true, size: 0 }, this.#facts.makeReference);
  }

  put(name: string, record: ScheduleRecord | undefined): void {
    this.#records.put(name, record);
  }

  get isChanged(): boolean {
    return this.#records.isChanged;
  }

  /** What differs from what counts as stored, volatile ones left out. */
  collect(): ScheduleChange[] {
    return this.#records.collect().flatMap(({ field, before, after }) => {
      const change = { field, before: durablePart(before), after: durablePart(after) };
      return change.before === undefined && change.after === undefined ? [] : [change];
    });
  }

  adopt(): void {
    this.#records.adopt();
  }

  rollback(): void {
    this.#records.rollback();
  }

  #info(record: ScheduleRecord): ScheduleInfo {
    return {
      name: record.name,
      data: this.dataOf(record),
      nextAt: record.nextAt,
      count: record.count,
      failed: record.failed ?? 0,
    };
  }

  #checkWritable(what: string): void {
    if (currentTurn()?.isReadonly !== true) return;
    throw new TroupeError(
      "READONLY_WRITE",
      `${formatAddress(this.#facts.address)} ${what} in a readonly method; drop @readonly()`,
    );
  }
}

/** What of a record is stored: one that is volatile is, to the store, none. */
function durablePart(record: ScheduleRecord | undefined): ScheduleRecord | undefined {
  return record?.volatile === true ? undefined : record;
}
