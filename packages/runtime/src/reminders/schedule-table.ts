import { currentTurn } from "@troupe/client";
import {
  createValuePacker,
  type FieldChange,
  type Fields,
  formatAddress,
  fromPortable,
  RecordTable,
  SCHEDULES_PER_ACTOR_MAX,
  TroupeError,
} from "@troupe/core";
import {
  handlersOf,
  type PartHost,
  type PartState,
  type ScheduleInfo,
  type Schedules,
  type TimerOptions,
} from "@troupe/sdk";
import { createSchedule, type ScheduleRecord } from "./schedule.ts";

const packer = createValuePacker();

/** Names of the stored fields of reminders, and of timers, start with these. */
export const SCHEDULE_PREFIXES = { reminder: "r:", timer: "t:" } as const;

/**
 * The reminders, or the timers, of one actor: what the unit of work has made of them, and what
 * counts as stored.
 */
export class ScheduleTable implements Schedules<TimerOptions>, PartState {
  readonly #host: PartHost;
  readonly #kind: "reminder" | "timer";
  /** Method names by the names of schedules that may be set. */
  readonly #handlers: ReadonlyMap<string, string>;
  readonly #records: RecordTable<ScheduleRecord>;

  constructor(host: PartHost, kind: "reminder" | "timer") {
    this.#host = host;
    this.#kind = kind;
    this.#handlers = handlersOf(host.definition, kind);
    this.#records = new RecordTable(SCHEDULE_PREFIXES[kind], host);
  }

  load(fields: Fields): void {
    this.#records.load(fields);
  }

  async set(name: string, options: TimerOptions): Promise<void> {
    this.#checkWritable(`sets the ${this.#kind} ${name}`);
    const { address } = this.#host;
    const kind = this.#kind;
    const handlers = this.#handlers;
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
    const record = createSchedule(name, options, this.#host.clock.now());
    if (options.volatile !== undefined && kind === "reminder") {
      const message = `schedule ${name}: volatile is for timers; leave it out, or set a timer`;
      throw new TroupeError("BAD_SCHEDULE", message);
    }
    this.#records.put(
      name,
      options.volatile === true ? { ...record, volatile: true } : this.#tagged(record),
    );
  }

  async delete(name: string): Promise<boolean> {
    this.#checkWritable(`deletes the ${this.#kind} ${name}`);
    if (this.#records.find(name) === undefined) return false;
    this.#records.put(name, undefined);
    return true;
  }

  async get<D>(name: string): Promise<ScheduleInfo<D> | undefined> {
    currentTurn()?.willLook();
    const record = this.#records.find(name);
    return record === undefined ? undefined : (this.#info(record) as ScheduleInfo<D>);
  }

  async list(): Promise<ScheduleInfo[]> {
    currentTurn()?.willLook();
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
    return fromPortable({ value, revive: true, size: 0 }, this.#host.makeReference);
  }

  put(name: string, record: ScheduleRecord | undefined): void {
    this.#records.put(name, record);
  }

  get isChanged(): boolean {
    return this.#records.isChanged;
  }

  /** What differs from what counts as stored, volatile ones left out. */
  collect(): FieldChange<ScheduleRecord>[] {
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

  /** Each setting has an entry of its own in the due index, also for a due time that was there. */
  #tagged(record: ScheduleRecord): ScheduleRecord {
    return this.#kind === "reminder" ? { ...record, tag: this.#host.nextTag() } : record;
  }

  #checkWritable(what: string): void {
    const turn = currentTurn();
    if (turn?.isReadonly !== true) return turn?.willWrite();
    throw new TroupeError(
      "READONLY_WRITE",
      `${formatAddress(this.#host.address)} ${what} in a readonly method; drop @readonly()`,
    );
  }
}

/** What of a record is stored: one that is volatile is, to the store, none. */
function durablePart(record: ScheduleRecord | undefined): ScheduleRecord | undefined {
  return record?.volatile === true ? undefined : record;
}
